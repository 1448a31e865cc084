//! `min_max`: from the smallest to the largest.

use serde::{Deserialize, Serialize};

use super::{
    affine::{is_within_rounding, look_by_column, Affine, Learned},
    stage::{LearnedStep, Refusal},
};
use crate::{data::Values, definition::Step, Notice};

/// (x - min) / (max - min) * (high - low) + low, for each index of the last axis; a constant column
/// becomes `low`, of which a [`Notice`] tells. Later rows may lie outside. `sklearn.preprocessing.MinMaxScaler((low, high))`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MinMax(Affine);

/// The smallest and the largest number of a column.
pub(super) type Range = Option<(f32, f32)>;

impl LearnedStep for MinMax {
    type Seen = Vec<Range>;

    fn start(step: &Step) -> Vec<Range> {
        vec![None; step.input.last().get()]
    }

    fn look(columns: &mut Vec<Range>, _: &Step, values: &Values) {
        look_by_column(columns, values, |range, number| {
            let (low, high) = range.unwrap_or((number, number));
            *range = Some((low.min(number), high.max(number)));
        });
    }

    fn learn(columns: Vec<Range>, step: &Step) -> MinMax {
        let low = step.argument("low").number_or(0.0);
        let width = step.argument("high").number_or(1.0) - low;
        MinMax(Affine::of(columns, |range| {
            let Some((least, most)) = range else { return Learned::Empty };
            let (least, most) = (f64::from(least), f64::from(most));
            let is_constant = is_within_rounding(most - least, most.abs().max(least.abs()));
            let scale = if is_constant { 1.0 } else { most - least } / width;
            let shift = least - low * scale;
            match is_constant {
                true => Learned::Constant { number: least, shift, scale },
                false => Learned::Spread { shift, scale },
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
