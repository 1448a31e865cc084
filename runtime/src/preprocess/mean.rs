//! Means in the place of absent numbers.

use serde::{Deserialize, Serialize};

use crate::data::{Real, Values};

/// The mean of the present training values of every element, in the place of an absent value; 0
/// where none was present. `sklearn.impute.SimpleImputer(strategy="mean")`.
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

/// Running means of rows of numbers.
#[derive(Clone, Debug)]
pub(super) struct RunningMeans {
    means: Vec<f64>,
    rows: f64,
}

impl RunningMeans {
    pub(super) fn new(width: usize) -> RunningMeans {
        RunningMeans { means: vec![0.0; width], rows: 0.0 }
    }

    pub(super) fn look(&mut self, values: &Values) {
        match values {
            Values::Numbers(numbers) => self.look_at(numbers),
            Values::Doubles(numbers) => self.look_at(numbers),
            _ => {}
        }
    }

    fn look_at<T: Real>(&mut self, numbers: &[T]) {
        for row in numbers.chunks_exact(self.means.len().max(1)) {
            self.rows += 1.0;
            for (mean, number) in self.means.iter_mut().zip(row) {
                *mean += (number.as_f64() - *mean) / self.rows;
            }
        }
    }

    pub(super) fn learn(self) -> Means {
        Means(self.means)
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
    fn where_nothing_is_present_the_mean_is_zero() {
        assert_eq!(RunningMeans::new(1).learn(), Means(vec![0.0]));
        assert!(!Means(vec![f64::NAN]).is_sound(1));
    }
}
