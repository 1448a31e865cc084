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
type GroupIndex = (usize, usize);

/// The statistics of a group.
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

    /// All groups of a tensor of `len` elements.
    fn group_indices(&self, len: usize) -> impl Iterator<Item = GroupIndex> + '_ {
        let samples = len / (self.steps * self.row()).max(1);
        (0..samples).flat_map(|sample| (0..self.groups).map(move |group| (sample, group)))
    }

    /// The columns of a group within a row.
    fn columns(&self, (_, group): GroupIndex) -> Range<usize> {
        let width = self.row() / self.groups.max(1);
        group * width..(group + 1) * width
    }

    /// The element ranges of the rows of a group, each with a flag that is false where the row is
    /// masked.
    fn spans(&self, index: GroupIndex) -> impl Iterator<Item = (Range<usize>, bool)> + '_ {
        let columns = self.columns(index);
        (index.0 * self.steps..(index.0 + 1) * self.steps).map(move |row| {
            let start = row * self.row();
            let counts = self.mask.as_ref().is_none_or(|mask| mask.counts()[row]);
            (start + columns.start..start + columns.end, counts)
        })
    }

    fn moments<E: Element>(&self, x: &[E], index: GroupIndex) -> Moments<E> {
        let counted = || self.spans(index).filter(|(_, counts)| *counts).map(|(span, _)| &x[span]);
        let rows = self.mask.as_ref().map_or(self.steps, |_| counted().count());
        let count = E::of((rows * self.columns(index).len()).max(1) as f64);
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
    fn repeated<'a, E: Element>(&self, of_channels: &'a [E]) -> Cow<'a, [E]> {
        match self.each {
            1 => Cow::Borrowed(of_channels),
            each => of_channels.iter().flat_map(|x| std::iter::repeat_n(*x, each)).collect(),
        }
    }

    /// Sums the elements of a row over each channel.
    fn summed<E: Element>(&self, of_row: &[E]) -> Vec<E> {
        of_row.chunks_exact(self.each.max(1)).map(|sums| sums.iter().copied().sum()).collect()
    }

    /// Adds the gradients of one group with respect to x, gamma and beta.
    fn backward_group<E: Element>(
        &self,
        index: GroupIndex,
        [x, gamma, grad]: [&[E]; 3],
        [dx, by_gamma, by_beta]: [&mut [E]; 3],
    ) {
        let (Moments { mean, inverse, count }, columns) =
            (self.moments(x, index), self.columns(index));
        let (gamma, by_gamma) = (&gamma[columns.clone()], &mut by_gamma[columns.clone()]);
        let by_beta = &mut by_beta[columns];
        let (mut sum, mut sum_normalised) = (E::zero(), E::zero());
        for (span, _) in self.spans(index) {
            for ((x, grad), gamma) in x[span.clone()].iter().zip(&grad[span]).zip(gamma) {
                sum += *grad * *gamma;
                sum_normalised += *grad * *gamma * ((*x - mean) * inverse);
            }
        }
        let statistics =
            [if self.centred { sum / count } else { E::zero() }, sum_normalised / count];
        for (span, counts) in self.spans(index) {
            let [mean_grad, mean_grad_normalised] =
                if counts { statistics } else { [E::zero(); 2] };
            let (x, grad, dx) = (&x[span.clone()], &grad[span.clone()], &mut dx[span]);
            for k in 0..gamma.len() {
                let normalised = (x[k] - mean) * inverse;
                dx[k] +=
                    inverse * (grad[k] * gamma[k] - mean_grad - normalised * mean_grad_normalised);
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
        let gamma = self.repeated(gamma);
        let beta = beta.first().map(|beta| self.repeated(beta));
        for index in self.group_indices(x.len()) {
            let Moments { mean, inverse, .. } = self.moments(x, index);
            let columns = self.columns(index);
            for (span, _) in self.spans(index) {
                let y = &mut pass.output[span.clone()];
                for ((y, x), gamma) in y.iter_mut().zip(&x[span]).zip(&gamma[columns.clone()]) {
                    *y = (*x - mean) * inverse * *gamma;
                }
                if let Some(beta) = &beta {
                    y.iter_mut().zip(&beta[columns.clone()]).for_each(|(y, beta)| *y += *beta);
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
        let gamma = self.repeated(gamma);
        let zeros = || vec![E::zero(); self.row()];
        let (mut by_gamma, mut by_beta) = (zeros(), zeros());
        gradients.edit(0, |dx| {
            for index in self.group_indices(x.len()) {
                let sums = [&mut *dx, &mut by_gamma, &mut by_beta];
                self.backward_group(index, [x, &gamma, pass.gradient], sums);
            }
        })?;
        gradients.add(1, &self.summed(&by_gamma))?;
        match beta {
            [] => Ok(()),
            _ => gradients.add(2, &self.summed(&by_beta)),
        }
    }
}
