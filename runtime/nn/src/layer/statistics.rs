//! Means and variances of the columns of a matrix over a subset of its rows, and the gradient of a
//! normalisation with them.

use std::rc::Rc;

use crate::{operation::*, shards, tensor::Element};

/// The layout of a row: `count` features of `each` adjacent elements.
#[derive(Clone, Copy)]
pub(super) struct Features {
    pub(super) count: usize,
    /// The number of adjacent elements of a feature: 1, or the pixels of a channel.
    pub(super) each: usize,
}

impl Features {
    /// The number of elements of a row; at least 1, as `chunks_exact` needs.
    fn row(self) -> usize {
        (self.count * self.each).max(1)
    }

    pub(super) fn of<E>(self, row: &[E]) -> impl Iterator<Item = &[E]> {
        row.chunks_exact(self.each.max(1))
    }

    fn of_mut<E>(self, row: &mut [E]) -> impl Iterator<Item = &mut [E]> {
        row.chunks_exact_mut(self.each.max(1))
    }
}

/// A subset of the rows of a matrix in which every sample of the batch has `steps` rows.
#[derive(Clone)]
pub(super) struct RowSubset {
    present: Rc<[bool]>,
    steps: usize,
}

impl RowSubset {
    pub(super) fn none() -> RowSubset {
        RowSubset { present: Rc::new([]), steps: 1 }
    }

    /// The rows of the samples that are present, of `rows` rows in all.
    pub(super) fn new(present: &[bool], rows: usize) -> RowSubset {
        match rows / present.len().max(1) {
            0 => RowSubset::none(),
            steps => RowSubset { present: present.into(), steps },
        }
    }

    fn contains(&self, row: usize) -> bool {
        self.present.get(row / self.steps).copied().unwrap_or(false)
    }

    pub(super) fn len(&self) -> usize {
        self.present.iter().filter(|present| **present).count() * self.steps
    }

    pub(super) fn of<'a, E>(
        &'a self,
        matrix: &'a [E],
        features: Features,
    ) -> impl Iterator<Item = &'a [E]> {
        let rows = matrix.chunks_exact(features.row()).enumerate();
        rows.filter(|(row, _)| self.contains(*row)).map(|(_, row)| row)
    }
}

/// The mean of every feature over a subset of the rows, or the variance where the means are the
/// second input.
#[derive(Clone)]
pub(super) struct Moment {
    pub(super) features: Features,
    /// The rows that are averaged over; not empty.
    pub(super) counted: RowSubset,
}

compiled!(Moment, Normalise);

impl Operation for Moment {
    type Saved<E: Element> = ();

    fn forward<E: Element>(&self, pass: ForwardPass<'_, E>) -> Result<(), OperationError> {
        let features = self.features;
        for row in self.counted.of(&pass.inputs[0], features) {
            let sums = pass.output.iter_mut().zip(features.of(row));
            match pass.inputs.get(1) {
                None => sums.for_each(|(sum, x)| x.iter().for_each(|x| *sum += *x)),
                Some(means) => sums.zip(&**means).for_each(|((sum, x), mean)| {
                    x.iter().for_each(|x| *sum += (*x - *mean) * (*x - *mean));
                }),
            }
        }
        let count = E::of((self.counted.len() * features.each) as f64);
        pass.output.iter_mut().for_each(|sum| *sum /= count);
        Ok(())
    }

    /// No gradient flows through the statistics here: [`Normalise`] computes their part as well.
    fn backward<E: Element>(
        &self,
        (): (),
        _: BackwardPass<'_, E>,
        _: &mut InputGradients<'_, E>,
    ) -> Result<(), OperationError> {
        Ok(())
    }
}

/// y = gamma (x - mean) / sqrt(variance + epsilon) + beta. The inputs are x, gamma, beta, the means
/// and the variances.
#[derive(Clone)]
pub(super) struct Normalise {
    pub(super) features: Features,
    pub(super) epsilon: f64,
    /// The rows that the statistics were taken over; empty where the statistics are constants.
    pub(super) counted: RowSubset,
    /// The number of values of a feature in all shards of the batch, where the statistics were
    /// taken over them. The backward pass then sums over the shards as well.
    pub(super) values_in_shards: Option<f64>,
}

impl Operation for Normalise {
    /// 1 / sqrt(variance + epsilon).
    type Saved<E: Element> = Vec<E>;

    fn forward<E: Element>(&self, pass: ForwardPass<'_, E>) -> Result<Vec<E>, OperationError> {
        let [x, gamma, beta, means, variances] = pass.inputs else {
            return Err(OperationError::Size);
        };
        let inverse = variances.iter().map(|v| (*v + E::of(self.epsilon)).sqrt().recip());
        let inverse: Vec<E> = inverse.collect();
        let (features, row) = (self.features, self.features.row());
        for (y, x) in pass.output.chunks_exact_mut(row).zip(x.chunks_exact(row)) {
            for (feature, (y, x)) in features.of_mut(y).zip(features.of(x)).enumerate() {
                let (mean, inverse) = (means[feature], inverse[feature]);
                for (y, x) in y.iter_mut().zip(x) {
                    *y = (*x - mean) * inverse * gamma[feature] + beta[feature];
                }
            }
        }
        Ok(inverse)
    }

    fn backward<E: Element>(
        &self,
        inverse: Vec<E>,
        pass: BackwardPass<'_, E>,
        gradients: &mut InputGradients<'_, E>,
    ) -> Result<(), OperationError> {
        let [x, gamma, _, means, _] = pass.inputs else { return Err(OperationError::Size) };
        let statistics = Statistics { features: self.features, means, inverse: &inverse };
        let ([by_gamma, by_beta], count, of_batch) = match self.values_in_shards {
            None => {
                let count = (self.counted.len() * self.features.each).max(1) as f64;
                (statistics.sums(x, pass.gradient, |term| term), count, None)
            }
            Some(count) => {
                let own = statistics.sums(x, pass.gradient, E::as_f64);
                let of_batch = sums_over_shards(&own)?.map(rounded);
                (own.map(rounded), count, Some(of_batch))
            }
        };
        gradients.edit(0, |dx| {
            let sums = match &of_batch {
                Some([by_gamma, by_beta]) => [&by_gamma[..], by_beta],
                None => [&by_gamma[..], &by_beta],
            };
            statistics.backward((x, gamma, pass.gradient), sums, (&self.counted, count), dx);
        })?;
        gradients.add(1, &by_gamma)?;
        gradients.add(2, &by_beta)
    }
}

/// The sums over all shards of a batch of those of this shard.
fn sums_over_shards([by_gamma, by_beta]: &[Vec<f64>; 2]) -> Result<[Vec<f64>; 2], OperationError> {
    let mut by_gamma = [&by_gamma[..], by_beta].concat();
    shards::sum(&mut by_gamma)?;
    let by_beta = by_gamma.split_off(by_beta.len());
    Ok([by_gamma, by_beta])
}

fn rounded<E: Element>(sums: Vec<f64>) -> Vec<E> {
    sums.into_iter().map(E::of).collect()
}

/// The statistics of a normalisation.
struct Statistics<'a, E> {
    features: Features,
    means: &'a [E],
    inverse: &'a [E],
}

impl<E: Element> Statistics<'_, E> {
    /// The gradients with respect to gamma and beta, summed in the dtype that `widen` converts to.
    fn sums<A: Element>(&self, x: &[E], grad: &[E], widen: impl Fn(E) -> A) -> [Vec<A>; 2] {
        let (features, row) = (self.features, self.features.row());
        let zeros = || vec![A::zero(); features.count];
        let (mut by_gamma, mut by_beta) = (zeros(), zeros());
        for (x, grad) in x.chunks_exact(row).zip(grad.chunks_exact(row)) {
            // A row without a gradient is skipped, because it may be absent and hold a NaN, and 0
            // times a NaN is a NaN.
            if grad.iter().all(|grad| grad.is_zero()) {
                continue;
            }
            for (feature, (x, grad)) in features.of(x).zip(features.of(grad)).enumerate() {
                let (mean, inverse) = (self.means[feature], self.inverse[feature]);
                for (x, grad) in x.iter().zip(grad) {
                    by_gamma[feature] += widen(*grad * ((*x - mean) * inverse));
                    by_beta[feature] += widen(*grad);
                }
            }
        }
        [by_gamma, by_beta]
    }

    /// Adds the gradient with respect to `x`: the direct part for all rows, and the part through
    /// the statistics for the counted rows, which have `count` values of a feature, also those of
    /// the other shards.
    fn backward(
        &self,
        (x, gamma, grad): (&[E], &[E], &[E]),
        [by_gamma, by_beta]: [&[E]; 2],
        (counted_rows, count): (&RowSubset, f64),
        dx: &mut [E],
    ) {
        let (features, width) = (self.features, self.features.row());
        let weight = E::of(1.0 / count);
        let rows = dx.chunks_exact_mut(width).zip(x.chunks_exact(width));
        for (row, ((dx, x), grad)) in rows.zip(grad.chunks_exact(width)).enumerate() {
            let counted = counted_rows.contains(row);
            let parts = features.of_mut(dx).zip(features.of(x)).zip(features.of(grad));
            for (feature, ((dx, x), grad)) in parts.enumerate() {
                let (mean, inverse) = (self.means[feature], self.inverse[feature]);
                for ((dx, x), grad) in dx.iter_mut().zip(x).zip(grad) {
                    let mut change = *grad;
                    if counted {
                        let normalised = (*x - mean) * inverse;
                        change -= weight * (by_beta[feature] + normalised * by_gamma[feature]);
                    }
                    *dx += inverse * gamma[feature] * change;
                }
            }
        }
    }
}
