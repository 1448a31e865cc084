//! Means and variances over some rows of a matrix, and what normalising with them does to a
//! gradient.

use crate::tensor::*;

/// How the numbers of a row belong to its features.
#[derive(Clone, Copy)]
pub(super) struct Features {
    pub(super) count: usize,
    /// How many neighbours belong to one feature: 1, or the pixels of a channel.
    pub(super) each: usize,
}

impl Features {
    /// How many numbers a row has; at least one, so that a slice can be cut into rows.
    fn row(self) -> usize {
        (self.count * self.each).max(1)
    }

    fn of<E>(self, row: &[E]) -> impl Iterator<Item = &[E]> {
        row.chunks_exact(self.each.max(1))
    }

    fn of_mut<E>(self, row: &mut [E]) -> impl Iterator<Item = &mut [E]> {
        row.chunks_exact_mut(self.each.max(1))
    }
}

/// What rows are normalised with.
pub(super) struct Statistics<E> {
    features: Features,
    mean: Vec<E>,
    /// 1 / sqrt(variance + epsilon).
    inverse: Vec<E>,
    /// The rows that the statistics were taken over; none where they are constants.
    counted: Rows,
}

/// Some of the rows of a matrix, in which every sample of the batch has `steps` rows.
pub(super) struct Rows {
    present: Vec<bool>,
    steps: usize,
}

impl Rows {
    pub(super) const NONE: Rows = Rows { present: Vec::new(), steps: 1 };

    /// Those of the samples that are present, of `rows` rows in all.
    pub(super) fn new(present: Vec<bool>, rows: usize) -> Rows {
        match rows / present.len().max(1) {
            0 => Rows::NONE,
            steps => Rows { present, steps },
        }
    }

    fn contains(&self, row: usize) -> bool {
        self.present.get(row / self.steps).copied().unwrap_or(false)
    }

    pub(super) fn len(&self) -> usize {
        self.present.iter().filter(|present| **present).count() * self.steps
    }

    fn of<'a, E>(&'a self, matrix: &'a [E], features: Features) -> impl Iterator<Item = &'a [E]> {
        let rows = matrix.chunks_exact(features.row()).enumerate();
        rows.filter(|(row, _)| self.contains(*row)).map(|(_, row)| row)
    }
}

/// The mean and the population variance of every feature over `rows`, of which there are some.
pub(super) fn moments<E: Element>(x: &[E], features: Features, rows: &Rows) -> (Vec<E>, Vec<E>) {
    let count = E::of((rows.len() * features.each) as f64);
    let mut mean = vec![E::zero(); features.count];
    for row in rows.of(x, features) {
        for (mean, x) in mean.iter_mut().zip(features.of(row)) {
            x.iter().for_each(|x| *mean += *x);
        }
    }
    mean.iter_mut().for_each(|mean| *mean /= count);
    let mut variance = vec![E::zero(); features.count];
    for row in rows.of(x, features) {
        for ((variance, x), mean) in variance.iter_mut().zip(features.of(row)).zip(&mean) {
            x.iter().for_each(|x| *variance += (*x - *mean) * (*x - *mean));
        }
    }
    variance.iter_mut().for_each(|variance| *variance /= count);
    (mean, variance)
}

impl<E: Element> Statistics<E> {
    pub(super) fn new(
        features: Features,
        (mean, variance): (Vec<E>, &[E]),
        epsilon: f64,
        counted: Rows,
    ) -> Self {
        let inverse = variance.iter().map(|v| (*v + E::of(epsilon)).sqrt().recip()).collect();
        Statistics { features, mean, inverse, counted }
    }

    pub(super) fn forward(&self, x: &[E], scale: &[E], offset: &[E], y: &mut [E]) {
        let (features, row) = (self.features, self.features.row());
        for (y, x) in y.chunks_exact_mut(row).zip(x.chunks_exact(row)) {
            for (feature, (y, x)) in features.of_mut(y).zip(features.of(x)).enumerate() {
                let (mean, inverse) = (self.mean[feature], self.inverse[feature]);
                for (y, x) in y.iter_mut().zip(x) {
                    *y = (*x - mean) * inverse * scale[feature] + offset[feature];
                }
            }
        }
    }

    /// The gradients by the scale and by the offset.
    pub(super) fn sums(&self, x: &[E], slope: &[E]) -> (Vec<E>, Vec<E>) {
        let (features, row) = (self.features, self.features.row());
        let zeros = || vec![E::zero(); features.count];
        let (mut by_scale, mut by_offset) = (zeros(), zeros());
        for (x, slope) in x.chunks_exact(row).zip(slope.chunks_exact(row)) {
            // A row whose output nobody used adds nothing, not even where it holds a NaN: so it is
            // with rows that are absent.
            if slope.iter().all(|slope| slope.is_zero()) {
                continue;
            }
            for (feature, (x, slope)) in features.of(x).zip(features.of(slope)).enumerate() {
                let (mean, inverse) = (self.mean[feature], self.inverse[feature]);
                for (x, slope) in x.iter().zip(slope) {
                    by_scale[feature] += *slope * ((*x - mean) * inverse);
                    by_offset[feature] += *slope;
                }
            }
        }
        (by_scale, by_offset)
    }

    /// Adds the gradient by `x`: directly, and by way of the statistics for the counted rows.
    pub(super) fn backward(
        &self,
        x: &[E],
        scale: &[E],
        slope: &[E],
        sums: (&[E], &[E]),
        dx: &mut [E],
    ) {
        let (features, width) = (self.features, self.features.row());
        let share = E::of(1.0 / (self.counted.len() * features.each).max(1) as f64);
        let rows = dx.chunks_exact_mut(width).zip(x.chunks_exact(width));
        for (row, ((dx, x), slope)) in rows.zip(slope.chunks_exact(width)).enumerate() {
            let counted = self.counted.contains(row);
            let parts = features.of_mut(dx).zip(features.of(x)).zip(features.of(slope));
            for (feature, ((dx, x), slope)) in parts.enumerate() {
                let (mean, inverse) = (self.mean[feature], self.inverse[feature]);
                for ((dx, x), slope) in dx.iter_mut().zip(x).zip(slope) {
                    let mut change = *slope;
                    if counted {
                        let normalised = (*x - mean) * inverse;
                        change -= share * (sums.1[feature] + normalised * sums.0[feature]);
                    }
                    *dx += inverse * scale[feature] * change;
                }
            }
        }
    }
}
