//! `min_max`: scaling to a range.

use multi_input_base::Notice;
use serde::{Deserialize, Serialize};

use super::{
    affine::{Affine, ColumnScaling, Columns},
    stage::{LearnedStep, Refusal},
};
use crate::{schema::Step, Values};

/// (x - min) / (max - min) * (high - low) + low, for each index of the last axis. A constant column
/// becomes `low`, with a [`Notice`]. Values of later rows may be outside the range.
/// `sklearn.preprocessing.MinMaxScaler((low, high))`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MinMax(Affine);

/// Minimum and maximum of a column; `None` before the first number.
pub(super) type Range = Option<(f64, f64)>;

impl LearnedStep for MinMax {
    type State = Columns<Range>;

    fn start(step: &Step) -> Columns<Range> {
        Columns::new(step, None)
    }

    fn update(columns: &mut Columns<Range>, _: &Step, values: &Values) {
        columns.update(values, |range, number| {
            let (low, high) = range.unwrap_or((number, number));
            *range = Some((low.min(number), high.max(number)));
        });
    }

    fn learn(columns: Columns<Range>, step: &Step) -> MinMax {
        let low = step.argument("low").number_or(0.0);
        let width = step.argument("high").number_or(1.0) - low;
        MinMax(Affine::of(columns, |range, rounding| {
            let Some((min, max)) = range else { return ColumnScaling::Empty };
            let is_constant = max - min <= rounding.tolerance(max.abs().max(min.abs()));
            let scale = if is_constant { 1.0 } else { max - min } / width;
            let shift = min - low * scale;
            match is_constant {
                true => ColumnScaling::Constant { number: min, shift, scale },
                false => ColumnScaling::Spread { shift, scale },
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
