//! `robust`: median 0 and interquartile range 1.

use multi_input_base::Notice;
use serde::{Deserialize, Serialize};

use super::{
    affine::{Affine, Columns, Learned},
    sample::Sample,
    stage::{LearnedStep, Refusal},
};
use crate::{schema::Step, Values};

/// (x - median) / (third quartile - first quartile), for each index of the last axis, which a few
/// numbers far out hardly move; where the quartiles are equal, the scale is 1, of
/// which a [`Notice`] tells.
/// `sklearn.preprocessing.RobustScaler`.
///
/// Quartiles are exact for up to 2^20 training rows; beyond, those of a random sample of as many.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Robust(Affine);

impl LearnedStep for Robust {
    type Seen = Columns<Sample>;

    fn start(step: &Step) -> Columns<Sample> {
        Columns::new(step, Sample::new())
    }

    fn look(columns: &mut Columns<Sample>, _: &Step, values: &Values) {
        columns.look(values, Sample::look);
    }

    fn learn(columns: Columns<Sample>, _: &Step) -> Robust {
        Robust(Affine::of(columns, |column, rounding| {
            match column.quantiles(&[0.25, 0.5, 0.75]).as_deref() {
                Some(&[first, median, third]) => {
                    let largest = third.abs().max(first.abs());
                    Learned::of(median, third - first, largest, rounding)
                }
                _ => Learned::Empty,
            }
        }))
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
