//! Mean 0 and variance 1.

use serde::{Deserialize, Serialize};

use super::Presence;

/// (x - mean) / max(sqrt(variance), 1e-7) with the population variance, for each index of the last
/// axis. `keras.layers.Normalization`; `sklearn.preprocessing.StandardScaler` (which leaves a
/// constant column's scale at 1).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standardization {
    /// One mean for each index of the last axis.
    pub mean: Vec<f64>,
    /// What each difference from the mean is divided by.
    pub scale: Vec<f64>,
}

const SMALLEST_SCALE: f64 = 1e-7;

impl Standardization {
    /// Over the present rows, each of which holds `repeats` times `width` numbers. Where none is
    /// present, numbers stay as they are.
    pub(crate) fn fit(
        numbers: &[f32],
        width: usize,
        repeats: usize,
        presence: Presence<'_>,
    ) -> Standardization {
        let rows = numbers.chunks_exact(width.max(1)).enumerate();
        let present = rows.filter(|(row, _)| presence.of(row / repeats.max(1)));
        let (mut mean, mut squares, mut count) = (vec![0.0; width], vec![0.0; width], 0.0);
        for (_, row) in present {
            count += 1.0;
            for ((mean, squares), &number) in mean.iter_mut().zip(&mut squares).zip(row) {
                let away = f64::from(number) - *mean;
                *mean += away / count;
                *squares += away * (f64::from(number) - *mean);
            }
        }
        let scale = |squares: f64| match count > 0.0 {
            true => (squares / count).sqrt().max(SMALLEST_SCALE),
            false => 1.0,
        };
        let scale = squares.into_iter().map(scale).collect();
        Standardization { mean, scale }
    }

    /// How many means there are; 0 where the scales are not as many.
    pub(super) fn width(&self) -> usize {
        if self.mean.len() == self.scale.len() {
            self.mean.len()
        } else {
            0
        }
    }

    /// Whether it makes numbers of numbers.
    pub(super) fn is_usable(&self) -> bool {
        let finite = self.mean.iter().all(|mean| mean.is_finite());
        finite && self.scale.iter().all(|scale| *scale > 0.0 && scale.is_finite())
    }

    pub(super) fn apply(&self, numbers: &mut [f32]) {
        for row in numbers.chunks_exact_mut(self.mean.len().max(1)) {
            for ((number, mean), scale) in row.iter_mut().zip(&self.mean).zip(&self.scale) {
                *number = ((f64::from(*number) - mean) / scale) as f32;
            }
        }
    }

    pub(super) fn invert(&self, predictions: &mut [f64]) {
        for row in predictions.chunks_exact_mut(self.mean.len().max(1)) {
            for ((number, mean), scale) in row.iter_mut().zip(&self.mean).zip(&self.scale) {
                *number = *number * scale + mean;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_index_of_the_last_axis_gets_mean_0_and_variance_1() {
        let mut numbers = [1.0, 10.0, 3.0, 10.0];
        let step = Standardization::fit(&numbers, 2, 1, Presence(None));
        assert_eq!((&step.mean[..], &step.scale[..]), (&[2.0, 10.0][..], &[1.0, 1e-7][..]));
        step.apply(&mut numbers);
        assert_eq!(numbers, [-1.0, 0.0, 1.0, 0.0]);
        let mut back = numbers.map(f64::from);
        step.invert(&mut back);
        assert_eq!(back, [1.0, 10.0, 3.0, 10.0]);
    }

    #[test]
    fn absent_rows_do_not_count_and_an_absent_column_is_left_alone() {
        let present = Presence(Some(&[true, false]));
        let step = Standardization::fit(&[1.0, 3.0, 50.0, 60.0], 1, 2, present);
        assert_eq!((step.mean, step.scale), (vec![2.0], vec![1.0]));
        let step = Standardization::fit(&[7.0], 1, 1, Presence(Some(&[false])));
        assert_eq!((step.mean, step.scale), (vec![0.0], vec![1.0]));
    }
}
