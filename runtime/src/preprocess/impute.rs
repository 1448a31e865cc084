//! Means in the place of absent numbers.

use serde::{Deserialize, Serialize};

use super::Presence;

/// The mean of the present training values of every element; 0 where none was present.
/// `sklearn.impute.SimpleImputer(strategy="mean")`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeanImputation {
    /// One mean for each element of a row.
    pub mean: Vec<f64>,
}

impl MeanImputation {
    /// The means over the present rows of `numbers`, `width` of them a row.
    pub(crate) fn fit(numbers: &[f32], width: usize, presence: Presence<'_>) -> MeanImputation {
        let mut mean = vec![0.0; width];
        let mut count = 0.0;
        let rows = numbers.chunks_exact(width.max(1)).enumerate();
        for (_, row) in rows.filter(|(row, _)| presence.of(*row)) {
            count += 1.0;
            for (mean, &number) in mean.iter_mut().zip(row) {
                *mean += (f64::from(number) - *mean) / count;
            }
        }
        MeanImputation { mean }
    }

    pub(super) fn apply(&self, numbers: &mut [f32], presence: Presence<'_>) {
        let rows = numbers.chunks_exact_mut(self.mean.len().max(1)).enumerate();
        for (_, row) in rows.filter(|(row, _)| !presence.of(*row)) {
            row.iter_mut().zip(&self.mean).for_each(|(number, mean)| *number = *mean as f32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_rows_get_the_mean_of_the_present_ones() {
        let present = [true, false, true];
        let mut numbers = [1.0, 10.0, 99.0, 99.0, 3.0, 30.0];
        let step = MeanImputation::fit(&numbers, 2, Presence(Some(&present)));
        step.apply(&mut numbers, Presence(Some(&present)));
        assert_eq!(numbers, [1.0, 10.0, 2.0, 20.0, 3.0, 30.0]);
    }

    #[test]
    fn where_nothing_is_present_the_mean_is_zero() {
        let step = MeanImputation::fit(&[5.0, 5.0], 1, Presence(Some(&[false, false])));
        assert_eq!(step.mean, [0.0]);
    }
}
