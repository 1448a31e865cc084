//! What the recurrent layers have in common: the way of a batch through a cell and back.

use super::Draw;
use crate::{
    kernel::{
        matmul::{multiply, Add, Matrix},
        recurrent::{add_rows, Cell, Frame, Slopes, Trace},
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
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// The last step comes first.
    pub(super) backwards: bool,
    /// What is left out of the inputs, the same at every step of a sequence.
    pub(super) dropout: Option<(Draw, f64)>,
}

impl Reading {
    /// The dropout of a training step, which advances the draw.
    pub(super) fn draw<T: Tape<E, D>, E, D>(draw: &mut Draw, rate: f64) -> Option<(Draw, f64)>
    where
        E: Element,
        D: Backend<E>,
    {
        if !T::OWNS_TAPE || rate <= 0.0 {
            return None;
        }
        let drawn = *draw;
        draw.step = draw.step.wrapping_add(1);
        Some((drawn, rate))
    }

    /// Which inputs of which sample count, and how much.
    fn mask<E: Element>(self, frame: Frame, inputs: usize) -> Option<Vec<E>> {
        let (draw, rate) = self.dropout?;
        let kept = draw.kept(rate);
        Some((0..frame.batch * inputs).map(|k| kept(k).unwrap_or(E::zero())).collect())
    }

    /// The row of the batch for each row of the run.
    fn row_of(self, frame: Frame) -> impl Fn(usize) -> usize {
        move |row| {
            let (step, sample) = (row / frame.batch, row % frame.batch);
            let step = if self.backwards { frame.steps - 1 - step } else { step };
            sample * frame.steps + step
        }
    }
}

/// A batch in the order in which the cell reads it, without what the mask leaves out.
fn gather<E: Element>(
    frame: Frame,
    reading: Reading,
    mask: Option<&[E]>,
    batch: &[E],
    rows: &mut [E],
) {
    let (width, row_of) = (rows.len() / frame.rows().max(1), reading.row_of(frame));
    for (row, values) in rows.chunks_exact_mut(width.max(1)).enumerate() {
        let source = &batch[row_of(row) * width..][..width];
        let Some(mask) = mask else {
            values.copy_from_slice(source);
            continue;
        };
        let mask = &mask[row % frame.batch * width..][..width];
        for ((value, source), mask) in values.iter_mut().zip(source).zip(mask) {
            // Not a product, for 0 times a NaN would be a NaN.
            *value = if *mask == E::zero() { E::zero() } else { *mask * *source };
        }
    }
}

/// The way back of [`gather`]: adds the gradients by the rows to those by the batch.
fn scatter<E: Element>(
    frame: Frame,
    reading: Reading,
    mask: Option<&[E]>,
    rows: &[E],
    batch: &mut [E],
) {
    let (width, row_of) = (rows.len() / frame.rows().max(1), reading.row_of(frame));
    for (row, values) in rows.chunks_exact(width.max(1)).enumerate() {
        let target = &mut batch[row_of(row) * width..][..width];
        match mask {
            None => target.iter_mut().zip(values).for_each(|(target, value)| *target += *value),
            Some(mask) => {
                let mask = &mask[row % frame.batch * width..][..width];
                for ((target, value), mask) in target.iter_mut().zip(values).zip(mask) {
                    *target += *mask * *value;
                }
            }
        }
    }
}

/// The states of the last step, or of all steps, as the output holds them.
fn collect<E: Element>(frame: Frame, every: bool, states: &[E], output: &mut [E]) {
    let units = frame.units.max(1);
    let len = frame.batch * frame.units;
    if !every {
        return output.copy_from_slice(&states[frame.steps * len..]);
    }
    for (row, state) in states[len..].chunks_exact(units).enumerate() {
        let (step, sample) = (row / frame.batch, row % frame.batch);
        output[(sample * frame.steps + step) * units..][..units].copy_from_slice(state);
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
    let (rows, every) = (frame.rows(), Out::NUM_DIMS == 3);

    let mask = reading.mask::<E>(frame, I);
    let mut inputs = device.buffer(rows * I)?;
    gather(frame, reading, mask.as_deref(), &D::values(&x), &mut inputs);

    let bias = D::values(weights.bias);
    let (bias, recurrent_bias) = bias.split_at(G);
    let mut gates = device.buffer(rows * G)?;
    gates.chunks_exact_mut(G.max(1)).for_each(|row| row.copy_from_slice(bias));
    multiply(
        Matrix::new(&inputs, rows, I),
        Matrix::new(&D::values(weights.weight), G, I).transposed(),
        &mut gates,
        Add::ToOutput,
    );
    let state = frame.batch * U;
    let mut trace = Trace {
        gates,
        states: device.buffer(rows * U + state)?,
        kept: device.buffer((rows * U + state) * C::KEPT)?,
    };
    C::forward(frame, &D::values(weights.recurrent), recurrent_bias, &mut trace);

    let mut values = device.buffer(shape.num_elements())?;
    collect(frame, every, &trace.states, &mut values);
    let y = device.try_tensor_from_vec(values, shape)?;

    if T::OWNS_TAPE {
        let (weight, recurrent, bias) =
            (weights.weight.clone(), weights.recurrent.clone(), weights.bias.clone());
        let output = y.clone();
        tape.add_backward_op(move |gradients| {
            let slope = D::take_gradient(gradients, &output)?;
            let slopes = if every { Slopes::Every(&slope) } else { Slopes::Last(&slope) };
            let mut by_bias = vec![E::zero(); bias.shape().num_elements()];
            let (by_input_bias, by_recurrent_bias) = by_bias.split_at_mut(G);
            D::edit_gradient(gradients, &recurrent, |by_recurrent| {
                let by_weights = (by_recurrent, by_recurrent_bias);
                C::backward(frame, &D::values(&recurrent), &mut trace, slopes, by_weights);
            })?;
            add_rows(&trace.gates, by_input_bias);
            D::edit_gradient(gradients, &bias, |db| add_rows(&by_bias, db))?;

            let by_sums = Matrix::new(&trace.gates, rows, G);
            D::edit_gradient(gradients, &weight, |dw| {
                multiply(by_sums.transposed(), Matrix::new(&inputs, rows, I), dw, Add::ToOutput);
            })?;
            let values = D::values(&weight);
            multiply(by_sums, Matrix::new(&values, G, I), &mut inputs, Add::Replace);
            D::edit_gradient(gradients, &x, |dx| {
                scatter(frame, reading, mask.as_deref(), &inputs, dx);
            })?;
            for buffer in [inputs, trace.gates, trace.states, trace.kept] {
                x.device().keep(buffer);
            }
            D::restore_gradient(gradients, &output, slope)
        });
    }
    Ok(y.put_tape(tape))
}
