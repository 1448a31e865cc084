//! Means and variances over some rows of a matrix, and what normalising with them does to a
//! gradient.

use crate::tensor::*;

/// What rows are normalised with.
pub(super) struct Statistics<E> {
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

    fn of<'a, E>(&'a self, matrix: &'a [E], width: usize) -> impl Iterator<Item = &'a [E]> {
        let rows = matrix.chunks_exact(width.max(1)).enumerate();
        rows.filter(|(row, _)| self.contains(*row)).map(|(_, row)| row)
    }
}

/// The mean and the population variance of every column over `rows`, of which there are some.
pub(super) fn moments<E: Element>(x: &[E], width: usize, rows: &Rows) -> (Vec<E>, Vec<E>) {
    let count = E::of(rows.len() as f64);
    let mut mean = vec![E::zero(); width];
    for row in rows.of(x, width) {
        mean.iter_mut().zip(row).for_each(|(mean, x)| *mean += *x);
    }
    mean.iter_mut().for_each(|mean| *mean /= count);
    let mut variance = vec![E::zero(); width];
    for row in rows.of(x, width) {
        for ((variance, x), mean) in variance.iter_mut().zip(row).zip(&mean) {
            *variance += (*x - *mean) * (*x - *mean);
        }
    }
    variance.iter_mut().for_each(|variance| *variance /= count);
    (mean, variance)
}

impl<E: Element> Statistics<E> {
    pub(super) fn new(mean: Vec<E>, variance: &[E], epsilon: f64, counted: Rows) -> Self {
        let inverse = variance.iter().map(|v| (*v + E::of(epsilon)).sqrt().recip()).collect();
        Statistics { mean, inverse, counted }
    }

    fn normalised(&self, column: usize, x: E) -> E {
        (x - self.mean[column]) * self.inverse[column]
    }

    pub(super) fn forward(&self, x: &[E], scale: &[E], offset: &[E], y: &mut [E]) {
        let width = self.mean.len().max(1);
        for (y, x) in y.chunks_exact_mut(width).zip(x.chunks_exact(width)) {
            for column in 0..width {
                y[column] = self.normalised(column, x[column]) * scale[column] + offset[column];
            }
        }
    }

    /// The gradients by the scale and by the offset.
    pub(super) fn sums(&self, x: &[E], slope: &[E]) -> (Vec<E>, Vec<E>) {
        let width = self.mean.len();
        let (mut by_scale, mut by_offset) = (vec![E::zero(); width], vec![E::zero(); width]);
        let rows = x.chunks_exact(width.max(1)).zip(slope.chunks_exact(width.max(1)));
        for (x, slope) in rows {
            // A row whose output nobody used adds nothing, not even where it holds a NaN: so it is
            // with rows that are absent.
            if slope.iter().all(|slope| slope.is_zero()) {
                continue;
            }
            for column in 0..width {
                by_scale[column] += slope[column] * self.normalised(column, x[column]);
                by_offset[column] += slope[column];
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
        let width = self.mean.len().max(1);
        let share = E::of(1.0 / self.counted.len().max(1) as f64);
        let rows = dx.chunks_exact_mut(width).zip(x.chunks_exact(width));
        for (row, ((dx, x), slope)) in rows.zip(slope.chunks_exact(width)).enumerate() {
            let counted = self.counted.contains(row);
            for column in 0..width {
                let mut change = slope[column];
                if counted {
                    let normalised = self.normalised(column, x[column]);
                    change -= share * (sums.1[column] + normalised * sums.0[column]);
                }
                dx[column] += self.inverse[column] * scale[column] * change;
            }
        }
    }
}
