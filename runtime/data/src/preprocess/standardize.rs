//! `standardize`: mean 0 and variance 1.

use multi_input_base::Notice;

use super::{
    affine::{applies_affine, Affine, ColumnScaling, Columns, Rounding},
    stage::{LearnedStep, Refusal},
};
use crate::{schema::Step, Values};

/// (x - mean) / sqrt(variance), with the population variance, for each index of the last axis. A
/// column that is constant in the training rows, up to the rounding of its type, has scale 1 and a
/// [`Notice`].
///
/// `sklearn.preprocessing.StandardScaler`; `keras.layers.Normalization`, which divides by at least
/// 1e-7, so that a new value in a constant column becomes very large.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "Normalization")]
#[doc(alias = "StandardScaler")]
#[doc(alias = "zscore")]
#[doc(alias = "standardization")]
#[doc(alias = "standard_scale")]
pub struct Standardize;

/// Running mean and sum of squared differences of a column (Welford's algorithm).
#[derive(Clone, Debug, Default)]
pub struct Moments {
    mean: f64,
    squares: f64,
    count: f64,
    /// Maximum absolute value.
    largest: f64,
}

impl Moments {
    fn update(&mut self, number: f64) {
        self.count += 1.0;
        let difference = number - self.mean;
        self.mean += difference / self.count;
        self.squares += difference * (number - self.mean);
        self.largest = self.largest.max(number.abs());
    }

    fn learn(self, rounding: Rounding) -> ColumnScaling {
        let deviation = (self.squares / self.count).sqrt();
        match self.count > 0.0 {
            true => ColumnScaling::of(self.mean, deviation, self.largest, rounding),
            false => ColumnScaling::Empty,
        }
    }
}

impl LearnedStep for Standardize {
    type State = Columns<Moments>;
    type Fitted = Affine;

    fn start(&self, step: &Step) -> Columns<Moments> {
        Columns::new(step, Moments::default())
    }

    fn update(&self, columns: &mut Columns<Moments>, _: &Step, values: &Values) {
        columns.update(values, Moments::update);
    }

    fn learn(&self, columns: Columns<Moments>, _: &Step) -> Affine {
        Affine::of(columns, Moments::learn)
    }

    applies_affine!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_gets_mean_0_and_variance_1() {
        let mut moments = Moments::default();
        [1.0, 3.0].into_iter().for_each(|number| moments.update(number));
        assert_eq!(
            moments.learn(Rounding::Single),
            ColumnScaling::Spread { shift: 2.0, scale: 1.0 }
        );
        let mut constant = Moments::default();
        [10.0, 10.0].into_iter().for_each(|number| constant.update(number));
        let scaling = ColumnScaling::Constant { number: 10.0, shift: 10.0, scale: 1.0 };
        assert_eq!(constant.learn(Rounding::Single), scaling);
        assert_eq!(
            Moments::default().learn(Rounding::Single),
            ColumnScaling::Empty,
            "nothing was seen"
        );
    }
}
