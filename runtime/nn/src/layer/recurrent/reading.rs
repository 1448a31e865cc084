//! The order, the dropout and the mask with which a recurrent layer reads sequences.

use std::borrow::Cow;

use multi_input_kernel::recurrent::{Frame, Trace, SAMPLES};

use crate::{
    layer::{dropout_scale, Mask, RngKey},
    tensor::*,
};

/// The order, the dropout and the mask with which a recurrent layer reads sequences.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// Whether the last step is read first.
    pub(in crate::layer) backwards: bool,
    /// Whether the output of a step has the index of its input step in both directions.
    pub(in crate::layer) in_place: bool,
    /// The dropout of the inputs, which drops the same features at every step of a sequence.
    pub(in crate::layer) dropout: Option<(RngKey, f64)>,
    /// The unmasked steps. At masked steps the state does not change.
    pub(in crate::layer) mask: Option<Mask>,
    /// Whether the outputs of masked steps are zeros rather than the unchanged state.
    pub(in crate::layer) zeros_where_masked: bool,
}

impl Reading {
    /// The dropout mask, `[batch, inputs]`: 0, or 1 / (1 - rate).
    pub(super) fn dropout_mask<E: Element>(&self, frame: Frame, inputs: usize) -> Option<Vec<E>> {
        let scale_of = dropout_scale(self.dropout?, inputs);
        Some((0..frame.batch * inputs).map(|k| scale_of(k).unwrap_or(E::zero())).collect())
    }

    /// For each row of each shard, whether its step is masked; empty without a mask.
    pub(super) fn skipped(&self, frame: Frame) -> Vec<bool> {
        let Some(mask) = &self.mask else { return Vec::new() };
        let shards = frame.shards().zip(mask.counts().chunks((SAMPLES * frame.steps).max(1)));
        let rows = shards.flat_map(|(shard, counts)| {
            (0..shard.rows()).map(move |row| !counts[self.source(shard, row)])
        });
        rows.collect()
    }

    /// The row of the batch that is row `row` of the run, in the order of the cell.
    fn source(&self, frame: Frame, row: usize) -> usize {
        let (step, sample) = (row / frame.batch, row % frame.batch);
        let step = if self.backwards { frame.steps - 1 - step } else { step };
        sample * frame.steps + step
    }

    /// The row of the output for row `row` of the run, where the output has all steps.
    fn target(&self, frame: Frame, row: usize) -> usize {
        match self.in_place {
            true => self.source(frame, row),
            false => row % frame.batch * frame.steps + row / frame.batch,
        }
    }

    /// The gradients of the output in the order of the run's steps, `[batch, steps, units]`.
    pub(super) fn in_step_order<'a, E: Element>(
        &self,
        frame: Frame,
        trace: &Trace<'_, E>,
        grad: &'a [E],
    ) -> Cow<'a, [E]> {
        if !self.in_place && !self.zeros_where_masked {
            return grad.into();
        }
        let units = frame.units;
        let mut in_step_order = vec![E::zero(); grad.len()];
        for row in 0..frame.rows() {
            if self.zeros_where_masked && trace.skipped.get(row) == Some(&true) {
                continue;
            }
            let (step, sample) = (row / frame.batch, row % frame.batch);
            in_step_order[(sample * frame.steps + step) * units..][..units]
                .copy_from_slice(&grad[self.target(frame, row) * units..][..units]);
        }
        in_step_order.into()
    }

    /// Copies a batch into the order in which the cell reads it, with dropout applied. Masked steps
    /// become zeros.
    pub(super) fn gather<E: Element>(
        &self,
        frame: Frame,
        skipped: &[bool],
        dropout_mask: Option<&[E]>,
        batch: &[E],
        rows: &mut [E],
    ) {
        let width = rows.len() / frame.rows().max(1);
        for (row, values) in rows.chunks_exact_mut(width.max(1)).enumerate() {
            if skipped.get(row) == Some(&true) {
                values.fill(E::zero());
                continue;
            }
            let source = &batch[self.source(frame, row) * width..][..width];
            let Some(dropout_mask) = dropout_mask else {
                values.copy_from_slice(source);
                continue;
            };
            let dropout_mask = &dropout_mask[row % frame.batch * width..][..width];
            for ((value, source), scale) in values.iter_mut().zip(source).zip(dropout_mask) {
                // Not a product, because 0 times a NaN would be a NaN.
                *value = if *scale == E::zero() { E::zero() } else { *scale * *source };
            }
        }
    }

    /// The backward pass of [`gather`](Reading::gather): adds the gradients of the rows to those of
    /// the batch.
    pub(super) fn scatter<E: Element>(
        &self,
        frame: Frame,
        dropout_mask: Option<&[E]>,
        rows: &[E],
        batch: &mut [E],
    ) {
        let width = rows.len() / frame.rows().max(1);
        for (row, values) in rows.chunks_exact(width.max(1)).enumerate() {
            let target = &mut batch[self.source(frame, row) * width..][..width];
            match dropout_mask {
                None => target.iter_mut().zip(values).for_each(|(target, value)| *target += *value),
                Some(dropout_mask) => {
                    let dropout_mask = &dropout_mask[row % frame.batch * width..][..width];
                    for ((target, value), scale) in target.iter_mut().zip(values).zip(dropout_mask)
                    {
                        *target += *scale * *value;
                    }
                }
            }
        }
    }

    /// Copies the state of the last step, or the states of all steps, to the output.
    pub(super) fn collect<E: Element>(
        &self,
        frame: Frame,
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
            if self.zeros_where_masked && trace.skipped.get(row) == Some(&true) {
                continue;
            }
            output[self.target(frame, row) * units..][..units].copy_from_slice(state);
        }
    }
}
