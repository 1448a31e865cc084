//! What the recurrent layers have in common: the way of a batch through a cell and back.

use std::borrow::Cow;

use super::{Draw, Mask};
use crate::{
    kernel::{
        matmul::{multiply, Add, Matrix},
        recurrent::{add_rows, Cell, Frame, Slopes, Trace},
        spread::{self, cut},
    },
    tensor::*,
};

/// What comes out of a recurrent layer that reads `L` steps of `B` sequences: the last step where
/// `SEQUENCES` is 0, every step where it is 1.
#[derive(Clone, Copy, Debug)]
pub struct Steps<const SEQUENCES: usize>;

/// The shape of what comes out. See [`Steps`].
pub trait StepShape<B: Dim, L: Dim, const U: usize> {
    /// `(B, Const<U>)` or `(B, L, Const<U>)`.
    type Shape: Shape;

    /// The shape for sequences of these sizes.
    fn shape(batch: B, steps: L) -> Self::Shape;
}

impl<B: Dim, L: Dim, const U: usize> StepShape<B, L, U> for Steps<0> {
    type Shape = (B, Const<U>);

    fn shape(batch: B, _: L) -> Self::Shape {
        (batch, Const)
    }
}

impl<B: Dim, L: Dim, const U: usize> StepShape<B, L, U> for Steps<1> {
    type Shape = (B, L, Const<U>);

    fn shape(batch: B, steps: L) -> Self::Shape {
        (batch, steps, Const)
    }
}

/// The weights of a recurrent layer of `I` inputs, `U` units and `G` sums.
pub(super) struct Weights<'a, const I: usize, const U: usize, const G: usize, S, E, D>
where
    S: Shape,
    E: Dtype,
    D: Storage<E>,
{
    pub(super) weight: &'a Tensor<Rank2<G, I>, E, D>,
    pub(super) recurrent: &'a Tensor<Rank2<G, U>, E, D>,
    /// One row of `G`, and perhaps a second for the recurrent sums.
    pub(super) bias: &'a Tensor<S, E, D>,
}

/// How a sequence is read.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The last step is read first.
    pub(super) backwards: bool,
    /// What comes out stands where its step stood, whatever the direction.
    pub(super) in_place: bool,
    /// What is left out of the inputs, the same at every step of a sequence.
    pub(super) dropout: Option<(Draw, f64)>,
    /// The steps that count. The others are passed over: they carry the state.
    pub(super) mask: Option<Mask>,
    /// Steps that are passed over give zeros rather than what the step before gave.
    pub(super) zeros_where_masked: bool,
}

impl Reading {
    /// Which inputs of which sample count, and how much.
    fn kept<E: Element>(&self, frame: Frame, inputs: usize) -> Option<Vec<E>> {
        let (draw, rate) = self.dropout?;
        let kept = draw.kept(rate);
        Some((0..frame.batch * inputs).map(|k| kept(k).unwrap_or(E::zero())).collect())
    }

    /// For each row of each shard, whether its step is passed over; empty where none is.
    fn skipped(&self, frame: Frame) -> Vec<bool> {
        let Some(mask) = &self.mask else { return Vec::new() };
        let shards = frame.shards().zip(mask.counts().chunks((SAMPLES * frame.steps).max(1)));
        let rows = shards.flat_map(|(shard, counts)| {
            (0..shard.rows()).map(move |row| !counts[self.source(shard, row)])
        });
        rows.collect()
    }

    /// The row of the batch for each row of the run.
    fn source(&self, frame: Frame, row: usize) -> usize {
        let (step, sample) = (row / frame.batch, row % frame.batch);
        let step = if self.backwards { frame.steps - 1 - step } else { step };
        sample * frame.steps + step
    }

    /// The row of what comes out for each row of the run, where every step does.
    fn target(&self, frame: Frame, row: usize) -> usize {
        match self.in_place {
            true => self.source(frame, row),
            false => row % frame.batch * frame.steps + row / frame.batch,
        }
    }

    /// The slopes by what came out, in the order of the run's steps, `[batch, steps, units]`.
    fn arranged<'a, E: Element>(
        &self,
        frame: Frame,
        trace: &Trace<'_, E>,
        slope: &'a [E],
    ) -> Cow<'a, [E]> {
        if !self.in_place && !self.zeros_where_masked {
            return slope.into();
        }
        let units = frame.units;
        let mut arranged = vec![E::zero(); slope.len()];
        for row in 0..frame.rows() {
            if self.zeros_where_masked && trace.skipped.get(row) == Some(&true) {
                continue;
            }
            let (step, sample) = (row / frame.batch, row % frame.batch);
            arranged[(sample * frame.steps + step) * units..][..units]
                .copy_from_slice(&slope[self.target(frame, row) * units..][..units]);
        }
        arranged.into()
    }
}

/// A layer that reads sequences in one direction, as [`Bidirectional`](super::Bidirectional) needs
/// it.
pub trait Recurrent {
    /// Leaves out the share `dropout` of the inputs from now on.
    fn set_dropout(&mut self, dropout: f64);
    /// Lets `draw` decide what the next training forward leaves out.
    fn set_draw(&mut self, draw: Draw);
    /// What a training step leaves out; advances the draw.
    fn draw_dropout(&mut self) -> Option<(Draw, f64)>;
}

/// A recurrent layer on `Input`, read as it is told.
pub trait Read<Input>: Recurrent {
    /// What comes out.
    type Output;
    /// The error of the device.
    type Error;

    /// Reads the sequences.
    fn try_read(&self, x: Input, reading: Reading) -> Result<Self::Output, Self::Error>;
}

/// Everything that recurrent layers do alike: settings, tensors, and the ways to call them. A layer
/// has the sizes `I`, `U`, `SEQUENCES` and `BACKWARDS`, the fields `weight`, `recurrent`, `bias`,
/// `dropout` and `draw`, and `others` to be filled in; `sums` is how many rows its weights have, and
/// `cell` what it does with them.
macro_rules! recurrent_layer {
    (
        $layer:ident<[$(const $size:ident),* $(; $ty:ident: $bound:ident)?]>,
        sums: $sums:ident,
        fits: $fits:expr,
        bias: $bias:expr,
        others: { $($other:ident: $value:expr)? },
        cell: match $by:tt { $($case:pat => $cell:ty),+ $(,)? },
    ) => {
        impl<$(const $size: usize,)* $($ty,)? E: Dtype, D: Storage<E>>
            $layer<$($size,)* $($ty,)? E, D>
        {
            const FITS: () = assert!($fits, "the sizes of a recurrent layer fit one another");

            /// Leaves out the share `dropout` of the inputs from now on.
            pub fn set_dropout(&mut self, dropout: f64) {
                self.dropout = dropout;
            }

            /// Lets `draw` decide what the next training forward leaves out.
            pub fn set_draw(&mut self, draw: Draw) {
                self.draw = draw;
            }

            fn reading(&self, mask: Option<&Mask>) -> Reading {
                Reading { backwards: BACKWARDS == 1, mask: mask.cloned(), ..Reading::default() }
            }
        }

        impl<$(const $size: usize,)* $($ty,)? E: Dtype, D: Storage<E>> Recurrent
            for $layer<$($size,)* $($ty,)? E, D>
        {
            fn set_dropout(&mut self, dropout: f64) {
                self.dropout = dropout;
            }

            fn set_draw(&mut self, draw: Draw) {
                self.draw = draw;
            }

            fn draw_dropout(&mut self) -> Option<(Draw, f64)> {
                Some((self.draw.advance(), self.dropout)).filter(|_| self.dropout > 0.0)
            }
        }

        /// What is read backwards comes out with the last step first, and so does its mask. (Keras
        /// leaves the mask as it was, so that it no longer fits.)
        impl<$(const $size: usize,)* $($ty,)? E: Dtype, D: Storage<E>> ReadsMask
            for $layer<$($size,)* $($ty,)? E, D>
        {
            fn mask_after(&self, mask: Mask) -> Mask {
                match BACKWARDS {
                    1 => mask.reversed(),
                    _ => mask,
                }
            }
        }

        impl<$(const $size: usize,)* $($ty: $bound,)? E: Element, D: Device<E>> TensorCollection<E, D>
            for $layer<$($size,)* $($ty,)? E, D>
        {
            type To<E2: Dtype, D2: Device<E2>> = $layer<$($size,)* $($ty,)? E2, D2>;

            fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
                visitor: &mut V,
            ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
                let () = Self::FITS;
                let glorot = TensorOptions::reset_with(|weight| {
                    initialize::glorot_uniform(weight, I, $sums)
                });
                let orthogonal = TensorOptions::reset_with(initialize::orthogonal);
                visitor.visit_fields(
                    (
                        Self::tensor("weight", |s| &s.weight, |s| &mut s.weight, glorot),
                        Self::tensor("recurrent", |s| &s.recurrent, |s| &mut s.recurrent, orthogonal),
                        Self::tensor("bias", |s| &s.bias, |s| &mut s.bias, $bias),
                        Self::scalar(
                            "dropout",
                            |s| &s.dropout,
                            |s| &mut s.dropout,
                            dfdx::nn::tensor_collection::ScalarOptions::from_default(0.0),
                        ),
                    ),
                    |(weight, recurrent, bias, dropout)| $layer {
                        weight,
                        recurrent,
                        bias,
                        dropout,
                        draw: Draw::default(),
                        $($other: $value,)?
                    },
                )
            }
        }

        impl<B: Dim, L: Dim, $(const $size: usize,)* $($ty: $bound,)? E: Element, D: Backend<E>, T: Tape<E, D>>
            Read<Tensor<(B, L, Const<I>), E, D, T>> for $layer<$($size,)* $($ty,)? E, D>
        where
            Steps<SEQUENCES>: StepShape<B, L, U>,
        {
            type Output = Tensor<<Steps<SEQUENCES> as StepShape<B, L, U>>::Shape, E, D, T>;
            type Error = D::Err;

            fn try_read(
                &self,
                x: Tensor<(B, L, Const<I>), E, D, T>,
                reading: Reading,
            ) -> Result<Self::Output, D::Err> {
                let (batch, steps, _) = *x.shape();
                let weights =
                    Weights { weight: &self.weight, recurrent: &self.recurrent, bias: &self.bias };
                let shape = Steps::<SEQUENCES>::shape(batch, steps);
                match $by {
                    $($case => run::<$cell, _, _, _, _, _, _, _, I, U, $sums>(x, &weights, reading, shape),)+
                }
            }
        }

        impl<$(const $size: usize,)* $($ty: $bound,)? E: Element, D: Backend<E>>
            $layer<$($size,)* $($ty,)? E, D>
        {
            fn infer<B: Dim, L: Dim, T: Tape<E, D>>(
                &self,
                x: Tensor<(B, L, Const<I>), E, D, T>,
                mask: Option<&Mask>,
            ) -> Result<Tensor<<Steps<SEQUENCES> as StepShape<B, L, U>>::Shape, E, D, T>, D::Err>
            where
                Steps<SEQUENCES>: StepShape<B, L, U>,
            {
                self.try_read(x, self.reading(mask))
            }

            fn train<B: Dim, L: Dim, T: Tape<E, D>>(
                &mut self,
                x: Tensor<(B, L, Const<I>), E, D, T>,
                mask: Option<&Mask>,
            ) -> Result<Tensor<<Steps<SEQUENCES> as StepShape<B, L, U>>::Shape, E, D, T>, D::Err>
            where
                Steps<SEQUENCES>: StepShape<B, L, U>,
            {
                let dropout = if T::OWNS_TAPE { self.draw_dropout() } else { None };
                self.try_read(x, Reading { dropout, ..self.reading(mask) })
            }
        }

        super::mask::masked_modules! {
            impl[
                B: Dim, L: Dim, $(const $size: usize,)* $($ty: $bound,)?
                E: Element, D: Backend<E>, T: Tape<E, D>
            ]
            $layer<$($size,)* $($ty,)? E, D>,
            Tensor<(B, L, Const<I>), E, D, T>
                => Tensor<<Steps<SEQUENCES> as StepShape<B, L, U>>::Shape, E, D, T>,
            where [Steps<SEQUENCES>: StepShape<B, L, U>]
        }
    };
}
pub(super) use recurrent_layer;

/// A batch in the order in which the cell reads it, without what dropout leaves out. Steps that are
/// passed over are zeros, whatever they hold.
fn gather<E: Element>(
    frame: Frame,
    (reading, skipped): (&Reading, &[bool]),
    kept: Option<&[E]>,
    batch: &[E],
    rows: &mut [E],
) {
    let width = rows.len() / frame.rows().max(1);
    for (row, values) in rows.chunks_exact_mut(width.max(1)).enumerate() {
        if skipped.get(row) == Some(&true) {
            values.fill(E::zero());
            continue;
        }
        let source = &batch[reading.source(frame, row) * width..][..width];
        let Some(kept) = kept else {
            values.copy_from_slice(source);
            continue;
        };
        let kept = &kept[row % frame.batch * width..][..width];
        for ((value, source), kept) in values.iter_mut().zip(source).zip(kept) {
            // Not a product, for 0 times a NaN would be a NaN.
            *value = if *kept == E::zero() { E::zero() } else { *kept * *source };
        }
    }
}

/// The way back of [`gather`]: adds the gradients by the rows to those by the batch.
fn scatter<E: Element>(
    frame: Frame,
    reading: &Reading,
    kept: Option<&[E]>,
    rows: &[E],
    batch: &mut [E],
) {
    let width = rows.len() / frame.rows().max(1);
    for (row, values) in rows.chunks_exact(width.max(1)).enumerate() {
        let target = &mut batch[reading.source(frame, row) * width..][..width];
        match kept {
            None => target.iter_mut().zip(values).for_each(|(target, value)| *target += *value),
            Some(kept) => {
                let kept = &kept[row % frame.batch * width..][..width];
                for ((target, value), kept) in target.iter_mut().zip(values).zip(kept) {
                    *target += *kept * *value;
                }
            }
        }
    }
}

/// The states of the last step, or of all steps, as the output holds them.
fn collect<E: Element>(
    frame: Frame,
    reading: &Reading,
    every: bool,
    trace: &Trace<'_, E>,
    output: &mut [E],
) {
    let units = frame.units.max(1);
    let len = frame.batch * frame.units;
    if !every {
        return output.copy_from_slice(&trace.states[frame.steps * len..]);
    }
    for (row, state) in trace.states[len..].chunks_exact(units).enumerate() {
        if reading.zeros_where_masked && trace.skipped.get(row) == Some(&true) {
            continue;
        }
        output[reading.target(frame, row) * units..][..units].copy_from_slice(state);
    }
}

/// How many samples go through a cell together: enough for the products of a step, and few enough
/// for several cores.
const SAMPLES: usize = 16;

impl Frame {
    /// The shards of a batch.
    fn shards(self) -> impl Iterator<Item = Frame> + Clone {
        (0..self.batch)
            .step_by(SAMPLES)
            .map(move |first| Frame { batch: SAMPLES.min(self.batch - first), ..self })
    }
}

/// What a batch leaves for the way back, shard after shard.
struct Run<E> {
    frame: Frame,
    /// How many numbers a sample has at a step: inputs, sums, states, and what else a cell keeps.
    widths: [usize; 4],
    inputs: Vec<E>,
    gates: Vec<E>,
    states: Vec<E>,
    kept: Vec<E>,
    skipped: Vec<bool>,
    /// What dropout leaves of each input of each sample.
    left: Option<Vec<E>>,
}

/// Some of the samples.
struct Shard<'a, E> {
    frame: Frame,
    inputs: &'a mut [E],
    left: Option<&'a [E]>,
    trace: Trace<'a, E>,
}

impl<E: Element> Run<E> {
    fn new<D: Backend<E>>(
        frame: Frame,
        widths: [usize; 4],
        reading: &Reading,
        device: &D,
    ) -> Result<Self, D::Err> {
        let [inputs, sums, states, kept] = widths;
        let (rows, all) = (frame.rows(), frame.rows() + frame.batch);
        Ok(Run {
            frame,
            widths,
            inputs: device.spare(rows * inputs)?,
            gates: device.spare(rows * sums)?,
            states: device.spare(all * states)?,
            kept: device.spare(all * kept)?,
            skipped: reading.skipped(frame),
            left: reading.kept(frame, inputs),
        })
    }

    fn shards(&mut self) -> Vec<Shard<'_, E>> {
        let [inputs_wide, sums, states_wide, kept_wide] = self.widths;
        let (mut inputs, mut gates) = (&mut self.inputs[..], &mut self.gates[..]);
        let (mut states, mut kept) = (&mut self.states[..], &mut self.kept[..]);
        let (mut skipped, mut left) = (&self.skipped[..], self.left.as_deref());
        let shards = self.frame.shards().map(|frame| {
            let (rows, all) = (frame.rows(), frame.rows() + frame.batch);
            Shard {
                frame,
                inputs: cut(&mut inputs, rows * inputs_wide),
                left: left.as_mut().map(|left| {
                    let (own, rest) = left.split_at(frame.batch * inputs_wide);
                    *left = rest;
                    own
                }),
                trace: Trace {
                    gates: cut(&mut gates, rows * sums),
                    states: cut(&mut states, all * states_wide),
                    kept: cut(&mut kept, all * kept_wide),
                    skipped: {
                        let (own, rest) = skipped.split_at(rows.min(skipped.len()));
                        skipped = rest;
                        own
                    },
                },
            }
        });
        shards.collect()
    }

    fn give_back<D: Backend<E>>(self, device: &D) {
        for buffer in [self.inputs, self.gates, self.states, self.kept] {
            device.keep_spare(buffer);
        }
    }
}

/// The weights as they lie.
#[derive(Clone, Copy)]
struct Rows<'a, E> {
    weight: &'a [E],
    recurrent: &'a [E],
    /// Of the inputs' sums, and perhaps of the recurrent ones.
    bias: &'a [E],
}

impl<E: Element> Shard<'_, E> {
    /// From the shard's rows of the batch to what comes out of it.
    fn forward<C: Cell<E>>(
        mut self,
        weights: Rows<'_, E>,
        (reading, every): (&Reading, bool),
        x: &[E],
        y: &mut [E],
    ) {
        let Shard { frame, inputs, left, trace } = &mut self;
        gather(*frame, (reading, trace.skipped), *left, x, inputs);
        trace.begin(*frame);
        let rows = frame.rows();
        let (wide, sums) = (inputs.len() / rows.max(1), trace.gates.len() / rows.max(1));
        let (bias, recurrent_bias) = weights.bias.split_at(sums.min(weights.bias.len()));
        trace.gates.chunks_exact_mut(sums.max(1)).for_each(|row| row.copy_from_slice(bias));
        multiply(
            Matrix::new(inputs, rows, wide),
            Matrix::new(weights.weight, sums, wide).transposed(),
            trace.gates,
            Add::ToOutput,
        );
        C::forward(*frame, weights.recurrent, recurrent_bias, trace);
        collect(*frame, reading, every, trace, y);
    }

    /// Adds the gradients by the shard's rows of the batch to `dx`, and leaves those by the weights
    /// in `sums`, which are zeros: weight, recurrent and bias.
    fn backward<C: Cell<E>>(
        mut self,
        weights: Rows<'_, E>,
        (reading, every): (&Reading, bool),
        slope: &[E],
        sums: &mut [E],
        dx: &mut [E],
    ) {
        let Shard { frame, inputs, left, trace } = &mut self;
        let rows = frame.rows();
        let (wide, width) = (inputs.len() / rows.max(1), trace.gates.len() / rows.max(1));
        let (by_weight, sums) = sums.split_at_mut(weights.weight.len());
        let (by_recurrent, by_bias) = sums.split_at_mut(weights.recurrent.len());
        let (by_input_bias, by_recurrent_bias) = by_bias.split_at_mut(width.min(by_bias.len()));

        let every_slope = every.then(|| reading.arranged(*frame, trace, slope));
        let slopes = match &every_slope {
            Some(slope) => Slopes::Every(slope),
            None => Slopes::Last(slope),
        };
        C::backward(*frame, weights.recurrent, trace, slopes, (by_recurrent, by_recurrent_bias));
        add_rows(trace.gates, by_input_bias);
        let by_sums = Matrix::new(trace.gates, rows, width);
        multiply(by_sums.transposed(), Matrix::new(inputs, rows, wide), by_weight, Add::Replace);
        multiply(by_sums, Matrix::new(weights.weight, width, wide), inputs, Add::Replace);
        scatter(*frame, reading, *left, inputs, dx);
    }
}

/// The layer with the cell `C` on a batch of sequences. What comes out has the given shape: a row
/// for each sample, or, where it has three dimensions, one for each step of each sample in the
/// order in which they are read.
pub(super) fn run<C, B, L, Out, S, E, D, T, const I: usize, const U: usize, const G: usize>(
    x: Tensor<(B, L, Const<I>), E, D, T>,
    weights: &Weights<'_, I, U, G, S, E, D>,
    reading: Reading,
    shape: Out,
) -> Result<Tensor<Out, E, D, T>, D::Err>
where
    C: Cell<E>,
    B: Dim,
    L: Dim,
    Out: Shape,
    S: Shape,
    E: Element,
    D: Backend<E>,
    T: Tape<E, D>,
{
    let (x, mut tape) = x.try_contiguous()?.split_tape();
    let device = x.device().clone();
    let (batch, steps, _) = *x.shape();
    let frame = Frame { batch: batch.size(), steps: steps.size(), units: U };
    let every = Out::NUM_DIMS == 3;
    if reading.mask.as_ref().is_some_and(|mask| !mask.covers(frame.batch, frame.steps)) {
        return Err(D::size_error());
    }
    // How many numbers of the batch, and of what comes out, a shard has.
    let sequences = (SAMPLES * frame.steps * I).max(1);
    let results = (SAMPLES * U * if every { frame.steps } else { 1 }).max(1);
    let work = frame.rows() * G * (I + U);

    let mut run = Run::new(frame, [I, G, U, C::KEPT * U], &reading, &device)?;
    let mut values = device.buffer(shape.num_elements())?;
    {
        let (weight, recurrent) = (D::values(weights.weight), D::values(weights.recurrent));
        let bias = D::values(weights.bias);
        let rows = Rows { weight: &weight, recurrent: &recurrent, bias: &bias };
        let (read, x) = ((&reading, every), D::values(&x));
        let shards = run.shards().into_iter().zip(x.chunks(sequences));
        let shards = shards.zip(values.chunks_mut(results));
        spread::each(work, shards, |((shard, x), y)| shard.forward::<C>(rows, read, x, y));
    }
    let y = device.try_tensor_from_vec(values, shape)?;

    if T::OWNS_TAPE {
        let (weight, recurrent, bias) =
            (weights.weight.clone(), weights.recurrent.clone(), weights.bias.clone());
        let output = y.clone();
        tape.add_backward_op(move |gradients| {
            let slope = D::take_gradient(gradients, &output)?;
            let numbers = (G * I, G * U, bias.shape().num_elements());
            let all = (numbers.0 + numbers.1 + numbers.2).max(1);
            let mut sums = x.device().buffer(frame.shards().count() * all)?;
            D::edit_gradient(gradients, &x, |dx| {
                let (weight, recurrent) = (D::values(&weight), D::values(&recurrent));
                let bias = D::values(&bias);
                let rows = Rows { weight: &weight, recurrent: &recurrent, bias: &bias };
                let read = (&reading, every);
                let shards = run.shards().into_iter().zip(slope.chunks(results));
                let shards = shards.zip(sums.chunks_mut(all)).zip(dx.chunks_mut(sequences));
                spread::each(3 * work, shards, |(((shard, slope), sums), dx)| {
                    shard.backward::<C>(rows, read, slope, sums, dx);
                });
            })?;
            for sums in sums.chunks_exact(all) {
                let (by_weight, sums) = sums.split_at(numbers.0);
                let (by_recurrent, by_bias) = sums.split_at(numbers.1);
                D::add_gradient(gradients, &weight, by_weight)?;
                D::add_gradient(gradients, &recurrent, by_recurrent)?;
                D::add_gradient(gradients, &bias, by_bias)?;
            }
            run.give_back(x.device());
            x.device().keep(sums);
            D::restore_gradient(gradients, &output, slope)
        });
    }
    Ok(y.put_tape(tape))
}

#[cfg(test)]
mod tests {
    use crate::{
        check_gradients::check_gradients,
        layer::{
            activation::{Gelu, Tanh},
            Mask, MaskedModule, MaskedModuleMut, SimpleRNN, GRU, LSTM,
        },
        tensor::*,
    };
    use dfdx::{
        nn::BuildModule,
        tensor::{AsArray, Cpu, SampleTensor, TensorFrom},
    };

    type X = Tensor<(Const<3>, Const<4>, Const<2>), f64, Cpu>;

    /// A gap, padding in front, and nothing but padding.
    fn mask() -> Mask {
        let counts =
            [true, false, true, true, false, false, true, true, false, false, false, false];
        Mask::new(4, counts.to_vec())
    }

    fn x() -> X {
        Cpu::seed_from_u64(2).sample_normal()
    }

    fn build<M: BuildModule<Cpu, f64>>() -> M {
        BuildModule::build(&Cpu::seed_from_u64(3))
    }

    #[test]
    fn masked_steps_are_as_if_they_were_not_there() {
        fn check<M>()
        where
            M: BuildModule<Cpu, f64> + MaskedModule<X, Output = Tensor<Rank2<3, 5>, f64, Cpu>>,
            M: Module<
                Tensor<(Const<1>, Const<3>, Const<2>), f64, Cpu>,
                Output = Tensor<Rank2<1, 5>, f64, Cpu>,
            >,
            <M as Module<X>>::Error: std::fmt::Debug,
        {
            let (layer, mut values) = (build::<M>(), x().array());
            // Nothing of a masked step can spread.
            values[0][1] = [f64::NAN; 2];
            let device = Cpu::default();
            let y = layer.try_forward_masked(device.tensor(values), &mask()).unwrap().array();
            let [first, _, third, fourth] = values[0];
            let short = layer.forward(device.tensor([[first, third, fourth]])).array();
            for (y, short) in y[0].iter().zip(short[0]) {
                assert!((y - short).abs() < 1e-14, "{y} is not {short}");
            }
            assert_eq!(y[2], [0.0; 5], "what was never read leaves the state at its start");
        }
        check::<LSTM<2, 5, 20, 0, 0, f64, Cpu>>();
        check::<GRU<2, 5, 15, 2, 0, 0, f64, Cpu>>();
        check::<GRU<2, 5, 15, 1, 0, 0, f64, Cpu>>();
        check::<SimpleRNN<2, 5, 0, 0, Tanh, f64, Cpu>>();
    }

    #[test]
    fn a_masked_step_repeats_what_the_one_before_it_gave() {
        let y = build::<LSTM<2, 5, 20, 1, 0, f64, Cpu>>().try_forward_masked(x(), &mask());
        let y = y.unwrap().array();
        assert_eq!(y[0][1], y[0][0]);
        assert_eq!((y[1][0], y[1][1]), ([0.0; 5], [0.0; 5]));
        assert_ne!(y[0][2], y[0][1]);
        // Backwards, the last step comes first.
        let y = build::<GRU<2, 5, 15, 2, 1, 1, f64, Cpu>>().try_forward_masked(x(), &mask());
        let y = y.unwrap().array();
        assert_eq!((y[0][2], y[1][2], y[1][3]), (y[0][1], y[1][1], y[1][1]));
    }

    #[test]
    fn a_mask_of_other_sizes_is_an_error() {
        let layer = build::<LSTM<2, 5, 20, 0, 0, f64, Cpu>>();
        assert!(layer.try_forward_masked(x(), &Mask::all(3, 5)).is_err());
        assert!(layer.try_forward_masked(x(), &Mask::all(2, 4)).is_err());
    }

    #[test]
    fn gradients_with_masks_are_right() {
        macro_rules! check {
            ($($layer:ty),+ $(,)?) => {$(
                let mut layer = build::<$layer>();
                layer.set_dropout(0.3);
                check_gradients(&(x(), layer), |(x, layer), tape| {
                    layer.try_forward_mut_masked(x.clone().put_tape(tape), &mask()).unwrap()
                });
            )+};
        }
        check!(
            LSTM<2, 3, 12, 0, 0, f64, Cpu>,
            LSTM<2, 1, 4, 1, 1, f64, Cpu>,
            GRU<2, 3, 9, 2, 0, 1, f64, Cpu>,
            GRU<2, 3, 9, 2, 1, 0, f64, Cpu>,
            GRU<2, 3, 9, 1, 0, 0, f64, Cpu>,
            GRU<2, 3, 9, 1, 1, 1, f64, Cpu>,
            SimpleRNN<2, 3, 0, 0, Tanh, f64, Cpu>,
            SimpleRNN<2, 3, 1, 1, Gelu, f64, Cpu>,
        );
    }
}
