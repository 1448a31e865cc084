//! `standardize`: mean 0 and variance 1.

use serde::{Deserialize, Serialize};

use super::stage::{LearnedStep, Refusal};
use crate::{data::Values, definition::Step};

/// (x - mean) / max(sqrt(variance), 1e-7) with the population variance, for each index of the last
/// axis. `keras.layers.Normalization`; `sklearn.preprocessing.StandardScaler` (which leaves a
/// constant column's scale at 1).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standardize {
    /// One mean for each index of the last axis.
    pub mean: Vec<f64>,
    /// What each difference from the mean is divided by.
    pub scale: Vec<f64>,
}

const SMALLEST_SCALE: f64 = 1e-7;

impl Standardize {
    /// Whether it makes numbers of numbers, `width` at a time.
    pub(super) fn check_width(&self, width: usize) -> Result<(), String> {
        if self.mean.len() != width || self.scale.len() != width {
            return Err(format!("expected {width} means, found {}", self.mean.len()));
        }
        let finite = self.mean.iter().chain(&self.scale).all(|number| number.is_finite());
        match finite && self.scale.iter().all(|scale| *scale > 0.0) {
            true => Ok(()),
            false => Err("it has a scale that is not above 0".to_owned()),
        }
    }

    /// Shifts and scales.
    pub(super) fn transform(&self, numbers: &mut [f32]) {
        for row in numbers.chunks_exact_mut(self.mean.len().max(1)) {
            for ((number, mean), scale) in row.iter_mut().zip(&self.mean).zip(&self.scale) {
                *number = ((f64::from(*number) - mean) / scale) as f32;
            }
        }
    }

    /// Scales and shifts back.
    pub(super) fn invert(&self, predictions: &mut [f64]) {
        for row in predictions.chunks_exact_mut(self.mean.len().max(1)) {
            for ((number, mean), scale) in row.iter_mut().zip(&self.mean).zip(&self.scale) {
                *number = *number * scale + mean;
            }
        }
    }
}

/// Mean and squared differences from it, as rows go by (Welford's method).
#[derive(Clone, Debug)]
pub struct Moments {
    mean: Vec<f64>,
    squares: Vec<f64>,
    rows: f64,
}

impl Moments {
    pub(super) fn new(width: usize) -> Moments {
        Moments { mean: vec![0.0; width], squares: vec![0.0; width], rows: 0.0 }
    }

    pub(super) fn look(&mut self, numbers: &[f32]) {
        for row in numbers.chunks_exact(self.mean.len().max(1)) {
            self.rows += 1.0;
            let moments = self.mean.iter_mut().zip(&mut self.squares);
            for ((mean, squares), &number) in moments.zip(row) {
                let away = f64::from(number) - *mean;
                *mean += away / self.rows;
                *squares += away * (f64::from(number) - *mean);
            }
        }
    }

    /// Where nothing was seen, numbers will stay as they are.
    pub(super) fn learn(self) -> Standardize {
        let scale = |squares: f64| match self.rows > 0.0 {
            true => (squares / self.rows).sqrt().max(SMALLEST_SCALE),
            false => 1.0,
        };
        Standardize { scale: self.squares.iter().copied().map(scale).collect(), mean: self.mean }
    }
}

impl LearnedStep for Standardize {
    type Seen = Moments;

    fn start(step: &Step) -> Moments {
        Moments::new(step.input.last().get())
    }

    fn look(moments: &mut Moments, _: &Step, values: &Values) {
        if let Values::Numbers(numbers) = values {
            moments.look(numbers);
        }
    }

    fn learn(moments: Moments, _: &Step) -> Standardize {
        moments.learn()
    }

    fn check(&self, step: &Step) -> Result<(), String> {
        self.check_width(step.input.last().get())
    }

    fn apply(&self, _: &Step, mut values: Values) -> Result<Values, Refusal> {
        if let Values::Numbers(numbers) = &mut values {
            self.transform(numbers);
        }
        Ok(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_index_of_the_last_axis_gets_mean_0_and_variance_1() {
        let mut numbers = [1.0, 10.0, 3.0, 10.0];
        let mut moments = Moments::new(2);
        moments.look(&numbers);
        let step = moments.learn();
        assert_eq!((&step.mean[..], &step.scale[..]), (&[2.0, 10.0][..], &[1.0, 1e-7][..]));
        step.transform(&mut numbers);
        assert_eq!(numbers, [-1.0, 0.0, 1.0, 0.0]);
        let mut back = numbers.map(f64::from);
        step.invert(&mut back);
        assert_eq!(back, [1.0, 10.0, 3.0, 10.0]);
    }

    #[test]
    fn where_nothing_was_seen_numbers_stay_and_damage_is_found() {
        let step = Moments::new(1).learn();
        assert_eq!((&step.mean[..], &step.scale[..]), (&[0.0][..], &[1.0][..]));
        assert!(step.check_width(1).is_ok() && step.check_width(2).is_err());
        assert!(Standardize { mean: vec![0.0], scale: vec![0.0] }.check_width(1).is_err());
    }
}
