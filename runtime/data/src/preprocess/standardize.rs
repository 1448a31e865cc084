//! `standardize`: mean 0 and variance 1.

use multi_input_base::Notice;
use serde::{Deserialize, Serialize};

use super::{
    affine::{Affine, Columns, Learned, Rounding},
    stage::{LearnedStep, Refusal},
};
use crate::{schema::Step, Values};

/// (x - mean) / sqrt(variance) with the population variance, for each index of the last axis. A
/// column that is constant in the training rows, or within the rounding of its type, has the scale 1,
/// of which a [`Notice`] tells.
///
/// `sklearn.preprocessing.StandardScaler`; `keras.layers.Normalization`, which divides by 1e-7 at
/// least, so that a constant column turns a new value into millions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Standardize(Affine);

/// Mean of a column and squared differences from it, as numbers go by (Welford's method).
#[derive(Clone, Debug, Default)]
pub struct Moments {
    mean: f64,
    squares: f64,
    count: f64,
    /// The largest number, without its sign.
    largest: f64,
}

impl Moments {
    fn look(&mut self, number: f64) {
        self.count += 1.0;
        let away = number - self.mean;
        self.mean += away / self.count;
        self.squares += away * (number - self.mean);
        self.largest = self.largest.max(number.abs());
    }

    fn learn(self, rounding: Rounding) -> Learned {
        let deviation = (self.squares / self.count).sqrt();
        match self.count > 0.0 {
            true => Learned::of(self.mean, deviation, self.largest, rounding),
            false => Learned::Empty,
        }
    }
}

impl LearnedStep for Standardize {
    type Seen = Columns<Moments>;

    fn start(step: &Step) -> Columns<Moments> {
        Columns::new(step, Moments::default())
    }

    fn look(columns: &mut Columns<Moments>, _: &Step, values: &Values) {
        columns.look(values, Moments::look);
    }

    fn learn(columns: Columns<Moments>, _: &Step) -> Standardize {
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

    fn notices(&self, _: &Step) -> Vec<Notice> {
        self.0.notices()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_gets_mean_0_and_variance_1() {
        let mut moments = Moments::default();
        [1.0, 3.0].into_iter().for_each(|number| moments.look(number));
        assert_eq!(moments.learn(Rounding::Single), Learned::Spread { shift: 2.0, scale: 1.0 });
        let mut constant = Moments::default();
        [10.0, 10.0].into_iter().for_each(|number| constant.look(number));
        let learned = Learned::Constant { number: 10.0, shift: 10.0, scale: 1.0 };
        assert_eq!(constant.learn(Rounding::Single), learned);
        assert_eq!(Moments::default().learn(Rounding::Single), Learned::Empty, "nothing was seen");
    }
}
