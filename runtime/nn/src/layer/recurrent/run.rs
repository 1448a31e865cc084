//! The forward and the backward pass of a recurrent layer.

use std::borrow::Cow;

use multi_input_kernel::{
    matmul::{multiply, Add, Matrix},
    parallel::{self, cut},
    recurrent::{add_rows, Cell, Frame, Grads, Trace, SAMPLES},
};

use super::Reading;
use crate::{layer::cell::Recurrence, operation::*, tensor::*};

/// A recurrent layer on a batch of sequences. The inputs are the sequences, the weights of the
/// inputs and of the state, and the bias.
#[derive(Clone)]
pub(super) struct Run {
    pub(super) recurrence: Recurrence,
    pub(super) frame: Frame,
    /// The numbers of inputs and of gates times units at a step of a sample.
    pub(super) widths: [usize; 2],
    /// Whether the output has all steps.
    pub(super) every: bool,
    pub(super) reading: Reading,
}

compiled!(Run);

impl Run {
    /// The cost of the forward pass, in multiplications.
    fn work(&self) -> usize {
        let [inputs, sums] = self.widths;
        self.frame.rows() * sums * (inputs + self.frame.units)
    }

    /// The numbers of elements of a shard's input and of its output.
    fn in_shard(&self) -> (usize, usize) {
        let Frame { steps, units, .. } = self.frame;
        let results = if self.every { steps } else { 1 };
        ((SAMPLES * steps * self.widths[0]).max(1), (SAMPLES * units * results).max(1))
    }

    fn fits(&self) -> bool {
        let Frame { batch, steps, .. } = self.frame;
        self.reading.mask.as_ref().is_none_or(|mask| mask.covers(batch, steps))
    }
}

impl Operation for Run {
    type Saved<E: Element> = Saved<E>;

    fn forward<E: Element>(&self, pass: ForwardPass<'_, E>) -> Result<Saved<E>, OperationError> {
        let ForwardPass { inputs, output, workspace, records } = pass;
        let (Some((x, weights)), true) = (Weights::of(inputs), self.fits()) else {
            return Err(OperationError::Size);
        };
        let cell = self.recurrence.cell();
        let mut saved = Saved::new(self, cell.kept(), workspace)?;
        let (sequences, results) = self.in_shard();
        let shards = saved.shards(self.frame).into_iter().zip(x.chunks(sequences));
        parallel::for_each(
            self.work(),
            shards.zip(output.chunks_mut(results)),
            |((shard, x), y)| {
                shard.forward(&*cell, weights, (&self.reading, self.every), x, y);
            },
        );
        Ok(if records { saved } else { saved.release(workspace) })
    }

    fn backward<E: Element>(
        &self,
        mut saved: Saved<E>,
        pass: BackwardPass<'_, E>,
        gradients: &mut InputGradients<'_, E>,
    ) -> Result<(), OperationError> {
        let BackwardPass { inputs, gradient, workspace, .. } = pass;
        let Some((_, weights)) = Weights::of(inputs) else { return Err(OperationError::Size) };
        let cell = self.recurrence.cell();
        let (sequences, results) = self.in_shard();
        let mut sums = workspace.acquire_zeroed(self.frame.shards().count() * weights.len())?;
        gradients.edit(0, |dx| {
            let shards = saved.shards(self.frame).into_iter().zip(gradient.chunks(results));
            let shards = shards.zip(sums.chunks_mut(weights.len())).zip(dx.chunks_mut(sequences));
            parallel::for_each(3 * self.work(), shards, |(((shard, grad), sums), dx)| {
                shard.backward(&*cell, weights, (&self.reading, self.every), grad, sums, dx);
            });
        })?;
        for sums in sums.chunks_exact(weights.len()) {
            let (by_weight, sums) = sums.split_at(weights.weight.len());
            let (by_recurrent, by_bias) = sums.split_at(weights.recurrent.len());
            gradients.add(1, by_weight)?;
            gradients.add(2, by_recurrent)?;
            gradients.add(3, by_bias)?;
        }
        saved.release(workspace);
        workspace.release(sums);
        Ok(())
    }
}

/// The buffers of the forward pass that the backward pass needs, shard by shard.
#[derive(Default)]
pub(super) struct Saved<E> {
    /// The widths of a step of a sample: inputs, gates, states and further values that a cell
    /// keeps.
    widths: [usize; 4],
    inputs: Vec<E>,
    gates: Vec<E>,
    states: Vec<E>,
    kept: Vec<E>,
    skipped: Vec<bool>,
    /// The dropout mask, `[batch, inputs]`.
    dropout_mask: Option<Vec<E>>,
}

/// The part of the buffers that belongs to a contiguous range of samples.
struct Shard<'a, E> {
    frame: Frame,
    inputs: &'a mut [E],
    dropout_mask: Option<&'a [E]>,
    trace: Trace<'a, E>,
}

impl<E: Element> Saved<E> {
    /// Buffers for a cell that keeps `kept` further values of each unit.
    fn new(
        run: &Run,
        kept: usize,
        workspace: &dyn Workspace<E>,
    ) -> Result<Saved<E>, OperationError> {
        let ([inputs, sums], frame) = (run.widths, run.frame);
        let (rows, all) = (frame.rows(), frame.rows() + frame.batch);
        Ok(Saved {
            widths: [inputs, sums, frame.units, kept * frame.units],
            inputs: workspace.acquire_uninitialised(rows * inputs)?,
            gates: workspace.acquire_uninitialised(rows * sums)?,
            states: workspace.acquire_uninitialised(all * frame.units)?,
            kept: workspace.acquire_uninitialised(all * kept * frame.units)?,
            skipped: run.reading.skipped(frame),
            dropout_mask: run.reading.dropout_mask(frame, inputs),
        })
    }

    fn shards(&mut self, frame: Frame) -> Vec<Shard<'_, E>> {
        let [input_width, sums, state_width, kept_width] = self.widths;
        let (mut inputs, mut gates) = (&mut self.inputs[..], &mut self.gates[..]);
        let (mut states, mut kept) = (&mut self.states[..], &mut self.kept[..]);
        let (mut skipped, mut dropout_mask) = (&self.skipped[..], self.dropout_mask.as_deref());
        let shards = frame.shards().map(|frame| {
            let (rows, all) = (frame.rows(), frame.rows() + frame.batch);
            Shard {
                frame,
                inputs: cut(&mut inputs, rows * input_width),
                dropout_mask: dropout_mask
                    .as_mut()
                    .map(|dropout_mask| first(dropout_mask, frame.batch * input_width)),
                trace: Trace {
                    gates: cut(&mut gates, rows * sums),
                    states: cut(&mut states, all * state_width),
                    kept: cut(&mut kept, all * kept_width),
                    skipped: first(&mut skipped, rows),
                },
            }
        });
        shards.collect()
    }

    /// Releases the buffers and returns an empty value.
    fn release(self, workspace: &dyn Workspace<E>) -> Saved<E> {
        for buffer in [self.inputs, self.gates, self.states, self.kept] {
            workspace.release_uninitialised(buffer);
        }
        Saved::default()
    }
}

/// Splits off the first `len` elements, or all where there are fewer.
fn first<'a, X>(all: &mut &'a [X], len: usize) -> &'a [X] {
    let (first, rest) = all.split_at(len.min(all.len()));
    *all = rest;
    first
}

/// The weights as slices.
#[derive(Clone, Copy)]
struct Weights<'a, E> {
    weight: &'a [E],
    recurrent: &'a [E],
    /// The bias of the inputs, followed by the bias of the state where the cell has one.
    bias: &'a [E],
}

impl<'a, E: Element> Weights<'a, E> {
    /// Splits the inputs of the operation into the sequences and the weights.
    fn of(inputs: &'a [Cow<'a, [E]>]) -> Option<(&'a [E], Weights<'a, E>)> {
        let [x, weight, recurrent, bias] = inputs else { return None };
        Some((x, Weights { weight, recurrent, bias }))
    }

    /// The number of elements of all weights; at least 1, as `chunks_exact` needs.
    fn len(&self) -> usize {
        (self.weight.len() + self.recurrent.len() + self.bias.len()).max(1)
    }
}

impl<E: Element> Shard<'_, E> {
    /// Computes the output `y` of the shard's samples from their inputs `x`.
    fn forward(
        mut self,
        cell: &dyn Cell<E>,
        weights: Weights<'_, E>,
        (reading, every): (&Reading, bool),
        x: &[E],
        y: &mut [E],
    ) {
        let Shard { frame, inputs, dropout_mask, trace } = &mut self;
        reading.gather(*frame, trace.skipped, *dropout_mask, x, inputs);
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
        cell.forward(*frame, weights.recurrent, recurrent_bias, trace);
        reading.collect(*frame, every, trace, y);
    }

    /// Adds the gradients of the shard's inputs to `dx`, and writes those of the weights to `sums`,
    /// which is zero before: weight, recurrent, bias.
    fn backward(
        mut self,
        cell: &dyn Cell<E>,
        weights: Weights<'_, E>,
        (reading, every): (&Reading, bool),
        grad: &[E],
        sums: &mut [E],
        dx: &mut [E],
    ) {
        let Shard { frame, inputs, dropout_mask, trace } = &mut self;
        let rows = frame.rows();
        let (wide, width) = (inputs.len() / rows.max(1), trace.gates.len() / rows.max(1));
        let (by_weight, sums) = sums.split_at_mut(weights.weight.len());
        let (by_recurrent, by_bias) = sums.split_at_mut(weights.recurrent.len());
        let (by_input_bias, by_recurrent_bias) = by_bias.split_at_mut(width.min(by_bias.len()));

        let grad_every = every.then(|| reading.in_step_order(*frame, trace, grad));
        let grads = match &grad_every {
            Some(grad) => Grads::Every(grad),
            None => Grads::Last(grad),
        };
        cell.backward(*frame, weights.recurrent, trace, grads, (by_recurrent, by_recurrent_bias));
        add_rows(trace.gates, by_input_bias);
        let by_sums = Matrix::new(trace.gates, rows, width);
        multiply(by_sums.transposed(), Matrix::new(inputs, rows, wide), by_weight, Add::Replace);
        multiply(by_sums, Matrix::new(weights.weight, width, wide), inputs, Add::Replace);
        reading.scatter(*frame, *dropout_mask, inputs, dx);
    }
}
