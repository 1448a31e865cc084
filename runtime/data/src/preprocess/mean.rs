//! Means in the place of absent numbers.

use serde::{Deserialize, Serialize};

use super::affine::look_by_column;
use crate::{Real, Values};

/// The mean of the present training values of every element, in the place of an absent value; 0
/// where none was present. A number that is missing in a present row (NaN, where `impute` follows)
/// counts nothing. `sklearn.impute.SimpleImputer(strategy="mean")`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Means(Vec<f64>);

impl Means {
    /// Whether there is a finite number for each of `width` elements.
    pub(super) fn is_sound(&self, width: usize) -> bool {
        self.0.len() == width && self.0.iter().all(|mean| mean.is_finite())
    }

    /// Puts the means where `present` says that a row is absent.
    pub(super) fn fill(&self, values: &mut Values, present: &[bool]) {
        match values {
            Values::Numbers(numbers) => self.fill_rows(numbers, present),
            Values::Doubles(numbers) => self.fill_rows(numbers, present),
            _ => {}
        }
    }

    fn fill_rows<T: Real>(&self, numbers: &mut [T], present: &[bool]) {
        let rows = numbers.chunks_exact_mut(self.0.len().max(1)).zip(present);
        for (row, _) in rows.filter(|(_, present)| !**present) {
            row.iter_mut().zip(&self.0).for_each(|(number, mean)| *number = T::of(*mean));
        }
    }
}

/// The mean of the numbers of a column so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunningMean {
    mean: f64,
    count: f64,
}

impl RunningMean {
    pub(super) fn look(&mut self, number: f64) {
        self.count += 1.0;
        self.mean += (number - self.mean) / self.count;
    }

    /// The mean; `None` before the first number.
    pub(super) fn learn(self) -> Option<f64> {
        (self.count > 0.0).then_some(self.mean)
    }
}

/// Running means of rows of numbers, each element by itself.
#[derive(Clone, Debug)]
pub(super) struct RunningMeans(Vec<RunningMean>);

impl RunningMeans {
    pub(super) fn new(width: usize) -> RunningMeans {
        RunningMeans(vec![RunningMean::default(); width])
    }

    pub(super) fn look(&mut self, values: &Values) {
        look_by_column(&mut self.0, values, RunningMean::look);
    }

    pub(super) fn learn(self) -> Means {
        Means(self.0.into_iter().map(|mean| mean.learn().unwrap_or(0.0)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_rows_get_the_mean_of_the_present_ones() {
        let mut running = RunningMeans::new(2);
        running.look(&Values::Numbers(vec![1.0, 10.0, 3.0, 30.0]));
        let mut values = Values::Numbers(vec![1.0, 10.0, 99.0, 99.0]);
        running.learn().fill(&mut values, &[true, false]);
        assert_eq!(values, Values::Numbers(vec![1.0, 10.0, 2.0, 20.0]));
    }

    #[test]
    fn a_missing_number_counts_nothing() {
        let mut running = RunningMeans::new(2);
        let missing = f32::NAN;
        running.look(&Values::Numbers(vec![1.0, missing, missing, missing, 3.0, 8.0]));
        assert_eq!(running.learn(), Means(vec![2.0, 8.0]));
    }

    #[test]
    fn where_nothing_is_present_the_mean_is_zero() {
        assert_eq!(RunningMeans::new(1).learn(), Means(vec![0.0]));
        assert!(!Means(vec![f64::NAN]).is_sound(1));
    }
}
