//! The operation of the normalisations within a sample: `LayerNorm`, `RMSNorm` and `GroupNorm`.

use std::{borrow::Cow, ops::Range};

use super::Mask;
use crate::{operation::*, tensor::Element};

/// y = gamma (x - mean) / sqrt(variance + epsilon) + beta for each group of a sample's channels.
/// The inputs are x, gamma and optionally beta, with one element for each channel.
#[derive(Clone)]
pub(super) struct Normalise {
    /// The number of rows of a sample: the steps of a sequence, otherwise 1.
    pub(super) steps: usize,
    /// The number of channels of a row.
    pub(super) channels: usize,
    /// The number of adjacent elements of a channel: the pixels of an image, otherwise 1.
    pub(super) each: usize,
    /// The number of groups that the channels are split into.
    pub(super) groups: usize,
    /// Whether the mean is subtracted. Otherwise the variance is the mean square.
    pub(super) centred: bool,
    pub(super) epsilon: f64,
    /// The rows that the statistics are taken over; all where it is `None`.
    pub(super) mask: Option<Mask>,
}

compiled!(Normalise);

/// The indices of a sample and of one of its groups.
type Block = (usize, usize);

/// The statistics of a block.
struct Moments<E> {
    mean: E,
    /// 1 / sqrt(variance + epsilon).
    inverse: E,
    count: E,
}

impl Normalise {
    /// Normalises every row of `channels` elements separately.
    pub(super) fn rows(channels: usize, epsilon: f64) -> Normalise {
        Normalise { steps: 1, channels, each: 1, groups: 1, centred: true, epsilon, mask: None }
    }

    /// Normalises samples of these sizes, of which the first is the batch size. The channels of an
    /// image are its first axis, of other samples the last.
    pub(super) fn samples(channels: usize, sizes: &[usize], epsilon: f64) -> Normalise {
        let (steps, each) = match *sizes {
            [_, steps, _] => (steps, 1),
            [_, _, height, width] => (1, height * width),
            _ => (1, 1),
        };
        Normalise { steps, each, ..Normalise::rows(channels, epsilon) }
    }

    /// The number of elements of a row.
    fn row(&self) -> usize {
        self.channels * self.each
    }

    /// All blocks of a tensor of `len` elements.
    fn blocks(&self, len: usize) -> impl Iterator<Item = Block> + '_ {
        let samples = len / (self.steps * self.row()).max(1);
        (0..samples).flat_map(|sample| (0..self.groups).map(move |group| (sample, group)))
    }

    /// The columns of a block within a row.
    fn columns(&self, (_, group): Block) -> Range<usize> {
        let width = self.row() / self.groups.max(1);
        group * width..(group + 1) * width
    }

    /// The element ranges of the rows of a block, each with a flag that is false where the row is
    /// masked.
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

    /// Repeats the values of the channels for every element of a row.
    fn stretched<'a, E: Element>(&self, of_channels: &'a [E]) -> Cow<'a, [E]> {
        match self.each {
            1 => Cow::Borrowed(of_channels),
            each => of_channels.iter().flat_map(|x| std::iter::repeat_n(*x, each)).collect(),
        }
    }

    /// Sums the elements of a row over each channel.
    fn gathered<E: Element>(&self, of_row: &[E]) -> Vec<E> {
        of_row.chunks_exact(self.each.max(1)).map(|sums| sums.iter().copied().sum()).collect()
    }

    /// Adds the gradients of one block with respect to x, gamma and beta.
    fn backward_block<E: Element>(
        &self,
        block: Block,
        [x, gamma, grad]: [&[E]; 3],
        [dx, by_gamma, by_beta]: [&mut [E]; 3],
    ) {
        let (Moments { mean, inverse, count }, columns) =
            (self.moments(x, block), self.columns(block));
        let (gamma, by_gamma) = (&gamma[columns.clone()], &mut by_gamma[columns.clone()]);
        let by_beta = &mut by_beta[columns];
        let (mut grads, mut turns) = (E::zero(), E::zero());
        for (span, _) in self.spans(block) {
            for ((x, grad), gamma) in x[span.clone()].iter().zip(&grad[span]).zip(gamma) {
                grads += *grad * *gamma;
                turns += *grad * *gamma * ((*x - mean) * inverse);
            }
        }
        let statistics = [if self.centred { grads / count } else { E::zero() }, turns / count];
        for (span, counts) in self.spans(block) {
            let [mean_slope, mean_turn] = if counts { statistics } else { [E::zero(); 2] };
            let (x, grad, dx) = (&x[span.clone()], &grad[span.clone()], &mut dx[span]);
            for k in 0..gamma.len() {
                let normalised = (x[k] - mean) * inverse;
                dx[k] += inverse * (grad[k] * gamma[k] - mean_slope - normalised * mean_turn);
                by_gamma[k] += grad[k] * normalised;
                by_beta[k] += grad[k];
            }
        }
    }
}

impl Operation for Normalise {
    type Saved<E: Element> = ();

    fn forward<E: Element>(&self, pass: ForwardPass<'_, E>) -> Result<(), OperationError> {
        let [x, gamma, beta @ ..] = pass.inputs else { return Err(OperationError::Size) };
        if !self.channels.is_multiple_of(self.groups) {
            return Err(OperationError::Size);
        }
        let gamma = self.stretched(gamma);
        let beta = beta.first().map(|beta| self.stretched(beta));
        for block in self.blocks(x.len()) {
            let Moments { mean, inverse, .. } = self.moments(x, block);
            let columns = self.columns(block);
            for (span, _) in self.spans(block) {
                let y = &mut pass.output[span.clone()];
                for ((y, x), gamma) in y.iter_mut().zip(&x[span]).zip(&gamma[columns.clone()]) {
                    *y = (*x - mean) * inverse * *gamma;
                }
                if let Some(beta) = &beta {
                    y.iter_mut().zip(&beta[columns.clone()]).for_each(|(y, shift)| *y += *shift);
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
        let [x, gamma, beta @ ..] = pass.inputs else { return Err(OperationError::Size) };
        let gamma = self.stretched(gamma);
        let zeros = || vec![E::zero(); self.row()];
        let (mut by_gamma, mut by_beta) = (zeros(), zeros());
        gradients.edit(0, |dx| {
            for block in self.blocks(x.len()) {
                let sums = [&mut *dx, &mut by_gamma, &mut by_beta];
                self.backward_block(block, [x, &gamma, pass.gradient], sums);
            }
        })?;
        gradients.add(1, &self.gathered(&by_gamma))?;
        match beta {
            [] => Ok(()),
            _ => gradients.add(2, &self.gathered(&by_beta)),
        }
    }
}
