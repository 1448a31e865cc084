//! `min_max`: from the smallest to the largest.

use multi_input_base::Notice;
use serde::{Deserialize, Serialize};

use super::{
    affine::{Affine, Columns, Learned},
    stage::{LearnedStep, Refusal},
};
use crate::{schema::Step, Values};

/// (x - min) / (max - min) * (high - low) + low, for each index of the last axis; a constant column
/// becomes `low`, of which a [`Notice`] tells. Later rows may lie outside. `sklearn.preprocessing.MinMaxScaler((low, high))`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MinMax(Affine);

/// The smallest and the largest number of a column.
pub(super) type Range = Option<(f64, f64)>;

impl LearnedStep for MinMax {
    type Seen = Columns<Range>;

    fn start(step: &Step) -> Columns<Range> {
        Columns::new(step, None)
    }

    fn look(columns: &mut Columns<Range>, _: &Step, values: &Values) {
        columns.look(values, |range, number| {
            let (low, high) = range.unwrap_or((number, number));
            *range = Some((low.min(number), high.max(number)));
        });
    }

    fn learn(columns: Columns<Range>, step: &Step) -> MinMax {
        let low = step.argument("low").number_or(0.0);
        let width = step.argument("high").number_or(1.0) - low;
        MinMax(Affine::of(columns, |range, rounding| {
            let Some((least, most)) = range else { return Learned::Empty };
            let is_constant = most - least <= rounding.of(most.abs().max(least.abs()));
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
