//! `standardize`: mean 0 and variance 1.

use multi_input_base::Notice;
use serde::{Deserialize, Serialize};

use super::{
    affine::{applies_affine, Affine, ColumnScaling, Columns, Rounding},
    merging::{merges_state, Mergeable},
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
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
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

/// The moments of two sets of rows (Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm
/// for computing sample variances", 1979).
impl Mergeable for Moments {
    fn merge(&mut self, later: Moments) -> Result<(), String> {
        if self.count == 0.0 {
            *self = later;
        } else if later.count > 0.0 {
            let count = self.count + later.count;
            let difference = later.mean - self.mean;
            let share = later.count / count;
            self.mean += difference * share;
            self.squares += later.squares + difference * difference * (self.count * share);
            self.count = count;
            self.largest = self.largest.max(later.largest);
        }
        Ok(())
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

    merges_state!();

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

    /// The moments of parts of some numbers, merged in order.
    fn merged(numbers: &[f64], parts: usize) -> Moments {
        let mut all = Moments::default();
        for part in numbers.chunks(numbers.len().div_ceil(parts)) {
            let mut moments = Moments::default();
            part.iter().for_each(|number| moments.update(*number));
            all.merge(moments).unwrap();
            all.merge(Moments::default()).unwrap();
        }
        all
    }

    #[test]
    fn the_moments_of_parts_are_those_of_all_numbers() {
        let numbers: Vec<f64> =
            (0..10_000_u64).map(|n| (n * 7_368_787 % 10_007) as f64 * 1e-3 - 3.0).collect();
        let whole = merged(&numbers, 1);
        for parts in [2, 3, 7, 10_000] {
            let moments = merged(&numbers, parts);
            assert_eq!((moments.count, moments.largest), (whole.count, whole.largest));
            let is_near = |own: f64, other: f64| (own - other).abs() <= 1e-12 * other.abs();
            assert!(is_near(moments.mean, whole.mean), "{} of {parts}", moments.mean);
            assert!(is_near(moments.squares, whole.squares), "{} of {parts}", moments.squares);
        }
        let halves = merged(&[1.0, 3.0, 5.0, 7.0], 2);
        assert_eq!((halves.mean, halves.squares, halves.largest), (4.0, 20.0, 7.0));
        let constant = merged(&[0.1; 7], 3);
        assert_eq!((constant.mean, constant.squares), (0.1, 0.0), "equal numbers stay constant");
    }
}
