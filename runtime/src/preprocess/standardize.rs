//! `standardize`: mean 0 and variance 1.

use serde::{Deserialize, Serialize};

use super::{
    affine::{look_by_column, Affine},
    stage::{LearnedStep, Refusal},
};
use crate::{data::Values, definition::Step};

/// (x - mean) / max(sqrt(variance), 1e-7) with the population variance, for each index of the last
/// axis. `keras.layers.Normalization`; `sklearn.preprocessing.StandardScaler` (which leaves a
/// constant column's scale at 1).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Standardize(Affine);

const SMALLEST_SCALE: f64 = 1e-7;

/// Mean of a column and squared differences from it, as numbers go by (Welford's method).
#[derive(Clone, Debug, Default)]
pub struct Moments {
    mean: f64,
    squares: f64,
    count: f64,
}

impl Moments {
    fn look(&mut self, number: f32) {
        self.count += 1.0;
        let away = f64::from(number) - self.mean;
        self.mean += away / self.count;
        self.squares += away * (f64::from(number) - self.mean);
    }

    /// Where nothing was seen, numbers will stay as they are.
    fn learn(self) -> (f64, f64) {
        match self.count > 0.0 {
            true => (self.mean, (self.squares / self.count).sqrt().max(SMALLEST_SCALE)),
            false => (0.0, 1.0),
        }
    }
}

impl LearnedStep for Standardize {
    type Seen = Vec<Moments>;

    fn start(step: &Step) -> Vec<Moments> {
        vec![Moments::default(); step.input.last().get()]
    }

    fn look(columns: &mut Vec<Moments>, _: &Step, values: &Values) {
        look_by_column(columns, values, Moments::look);
    }

    fn learn(columns: Vec<Moments>, _: &Step) -> Standardize {
        Standardize(Affine::of(columns, Moments::learn))
    }

    fn check(&self, step: &Step) -> Result<(), String> {
        self.0.check(step)
    }

    fn apply(&self, _: &Step, values: Values) -> Result<Values, Refusal> {
        Ok(self.0.apply(values))
    }

    fn invert(&self, _: &Step, numbers: &mut [f64]) {
        self.0.invert(numbers);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_gets_mean_0_and_variance_1() {
        let mut moments = Moments::default();
        [1.0, 3.0].into_iter().for_each(|number| moments.look(number));
        assert_eq!(moments.learn(), (2.0, 1.0));
        let mut constant = Moments::default();
        [10.0, 10.0].into_iter().for_each(|number| constant.look(number));
        assert_eq!(constant.learn(), (10.0, 1e-7));
        assert_eq!(Moments::default().learn(), (0.0, 1.0), "nothing was seen");
    }
}
