//! What the norms of one sample share: numbers brought to variance 1, group by group.

use std::{borrow::Cow, ops::Range};

use super::Mask;
use crate::{operation::*, tensor::Element};

/// y = scale (x - mean) / sqrt(variance + epsilon) + offset for each group of a sample's channels.
/// The inputs are x, the scale and perhaps the offset, which have a number for each channel.
#[derive(Clone)]
pub(super) struct Normalise {
    /// How many rows a sample has: the steps of a sequence, otherwise one.
    pub(super) steps: usize,
    /// How many channels a row has.
    pub(super) channels: usize,
    /// How many neighbours of a row belong to one channel: the pixels of an image, otherwise one.
    pub(super) each: usize,
    /// How many parts the channels are split into.
    pub(super) groups: usize,
    /// Whether the mean is subtracted. Without, the variance is that around 0.
    pub(super) centred: bool,
    pub(super) epsilon: f64,
    /// Which rows the statistics are taken over: all, unless it says so.
    pub(super) mask: Option<Mask>,
}

compiled!(Normalise);

/// The number of a sample, and that of one of its groups.
type Block = (usize, usize);

/// What a block is normalised with.
struct Moments<E> {
    mean: E,
    /// 1 / sqrt(variance + epsilon).
    inverse: E,
    count: E,
}

impl Normalise {
    /// Every row of so many numbers by itself.
    pub(super) fn rows(channels: usize, epsilon: f64) -> Normalise {
        Normalise { steps: 1, channels, each: 1, groups: 1, centred: true, epsilon, mask: None }
    }

    /// Samples of these sizes, the batch's in front: the channels of an image are its first axis, of
    /// anything else the last.
    pub(super) fn samples(channels: usize, sizes: &[usize], epsilon: f64) -> Normalise {
        let (steps, each) = match *sizes {
            [_, steps, _] => (steps, 1),
            [_, _, height, width] => (1, height * width),
            _ => (1, 1),
        };
        Normalise { steps, each, ..Normalise::rows(channels, epsilon) }
    }

    /// How many numbers a row has.
    fn row(&self) -> usize {
        self.channels * self.each
    }

    /// All blocks of so many numbers.
    fn blocks(&self, len: usize) -> impl Iterator<Item = Block> + '_ {
        let samples = len / (self.steps * self.row()).max(1);
        (0..samples).flat_map(|sample| (0..self.groups).map(move |group| (sample, group)))
    }

    /// Where the numbers of a block lie in a row.
    fn columns(&self, (_, group): Block) -> Range<usize> {
        let width = self.row() / self.groups.max(1);
        group * width..(group + 1) * width
    }

    /// Where the rows of a block lie, and which of them count.
    fn spans(&self, block: Block) -> impl Iterator<Item = (Range<usize>, bool)> + '_ {
        let columns = self.columns(block);
        (block.0 * self.steps..(block.0 + 1) * self.steps).map(move |row| {
            let start = row * self.row();
            let counts = self.mask.as_ref().is_none_or(|mask| mask.counts()[row]);
            (start + columns.start..start + columns.end, counts)
        })
    }

    fn moments<E: Element>(&self, x: &[E], block: Block) -> Moments<E> {
        let counted = || self.spans(block).filter(|(_, counts)| *counts).map(|(span, _)| &x[span]);
        let rows = self.mask.as_ref().map_or(self.steps, |_| counted().count());
        let count = E::of((rows * self.columns(block).len()).max(1) as f64);
        let (mut mean, mut variance) = (E::zero(), E::zero());
        if self.centred {
            counted().for_each(|row| mean += row.iter().copied().sum::<E>());
            mean /= count;
        }
        for row in counted() {
            variance += row.iter().map(|x| (*x - mean) * (*x - mean)).sum::<E>();
        }
        let inverse = (variance / count + E::of(self.epsilon)).sqrt().recip();
        Moments { mean, inverse, count }
    }

    /// Numbers of the channels, for every number of a row.
    fn stretched<'a, E: Element>(&self, of_channels: &'a [E]) -> Cow<'a, [E]> {
        match self.each {
            1 => Cow::Borrowed(of_channels),
            each => of_channels.iter().flat_map(|x| std::iter::repeat_n(*x, each)).collect(),
        }
    }

    /// Sums of every number of a row, for the channels.
    fn gathered<E: Element>(&self, of_row: &[E]) -> Vec<E> {
        of_row.chunks_exact(self.each.max(1)).map(|sums| sums.iter().copied().sum()).collect()
    }

    /// Adds the gradients of one block: `[by the block, by the scale, by the offset]`.
    fn backward_block<E: Element>(
        &self,
        block: Block,
        [x, scale, slope]: [&[E]; 3],
        [dx, by_scale, by_offset]: [&mut [E]; 3],
    ) {
        let (Moments { mean, inverse, count }, columns) =
            (self.moments(x, block), self.columns(block));
        let (scale, by_scale) = (&scale[columns.clone()], &mut by_scale[columns.clone()]);
        let by_offset = &mut by_offset[columns];
        let (mut slopes, mut turns) = (E::zero(), E::zero());
        for (span, _) in self.spans(block) {
            for ((x, slope), scale) in x[span.clone()].iter().zip(&slope[span]).zip(scale) {
                slopes += *slope * *scale;
                turns += *slope * *scale * ((*x - mean) * inverse);
            }
        }
        let statistics = [if self.centred { slopes / count } else { E::zero() }, turns / count];
        for (span, counts) in self.spans(block) {
            let [mean_slope, mean_turn] = if counts { statistics } else { [E::zero(); 2] };
            let (x, slope, dx) = (&x[span.clone()], &slope[span.clone()], &mut dx[span]);
            for k in 0..scale.len() {
                let normalised = (x[k] - mean) * inverse;
                dx[k] += inverse * (slope[k] * scale[k] - mean_slope - normalised * mean_turn);
                by_scale[k] += slope[k] * normalised;
                by_offset[k] += slope[k];
            }
        }
    }
}

impl Operation for Normalise {
    type Saved<E: Element> = ();

    fn forward<E: Element>(&self, pass: ForwardPass<'_, E>) -> Result<(), OperationError> {
        let [x, scale, offset @ ..] = pass.inputs else { return Err(OperationError::Size) };
        if !self.channels.is_multiple_of(self.groups) {
            return Err(OperationError::Size);
        }
        let scale = self.stretched(scale);
        let offset = offset.first().map(|offset| self.stretched(offset));
        for block in self.blocks(x.len()) {
            let Moments { mean, inverse, .. } = self.moments(x, block);
            let columns = self.columns(block);
            for (span, _) in self.spans(block) {
                let y = &mut pass.output[span.clone()];
                for ((y, x), scale) in y.iter_mut().zip(&x[span]).zip(&scale[columns.clone()]) {
                    *y = (*x - mean) * inverse * *scale;
                }
                if let Some(offset) = &offset {
                    y.iter_mut().zip(&offset[columns.clone()]).for_each(|(y, shift)| *y += *shift);
                }
            }
        }
        Ok(())
    }

    fn backward<E: Element>(
        &self,
        (): (),
        pass: BackwardPass<'_, E>,
        gradients: &mut InputGradients<'_, E>,
    ) -> Result<(), OperationError> {
        let [x, scale, offset @ ..] = pass.inputs else { return Err(OperationError::Size) };
        let scale = self.stretched(scale);
        let zeros = || vec![E::zero(); self.row()];
        let (mut by_scale, mut by_offset) = (zeros(), zeros());
        gradients.edit(0, |dx| {
            for block in self.blocks(x.len()) {
                let sums = [&mut *dx, &mut by_scale, &mut by_offset];
                self.backward_block(block, [x, &scale, pass.gradient], sums);
            }
        })?;
        gradients.add(1, &self.gathered(&by_scale))?;
        match offset {
            [] => Ok(()),
            _ => gradients.add(2, &self.gathered(&by_offset)),
        }
    }
}
