//! `min_max`: scaling to a range.

use multi_input_base::Notice;
use serde::{Deserialize, Serialize};

use super::{
    affine::{applies_affine, Affine, ColumnScaling, Columns},
    merging::{merges_state, Mergeable},
    stage::{LearnedStep, Refusal},
};
use crate::{schema::Step, Values};

/// (x - min) / (max - min) * (high - low) + low, for each index of the last axis. A constant column
/// becomes `low`, with a [`Notice`]. Values of later rows may be outside the range.
/// `sklearn.preprocessing.MinMaxScaler((low, high))`.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "MinMaxScaler")]
#[doc(alias = "minmax_scale")]
pub struct MinMax;

/// Minimum and maximum of a column; `None` before the first number.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Range(Option<(f64, f64)>);

impl Range {
    fn include(&mut self, least: f64, most: f64) {
        let (low, high) = self.0.unwrap_or((least, most));
        self.0 = Some((low.min(least), high.max(most)));
    }
}

impl Mergeable for Range {
    fn merge(&mut self, later: Range) -> Result<(), String> {
        later.0.into_iter().for_each(|(least, most)| self.include(least, most));
        Ok(())
    }
}

impl LearnedStep for MinMax {
    type State = Columns<Range>;
    type Fitted = Affine;

    fn start(&self, step: &Step) -> Columns<Range> {
        Columns::new(step, Range::default())
    }

    fn update(&self, columns: &mut Columns<Range>, _: &Step, values: &Values) {
        columns.update(values, |range, number| range.include(number, number));
    }

    merges_state!();

    fn learn(&self, columns: Columns<Range>, step: &Step) -> Affine {
        let low = step.argument("low").number_or(0.0);
        let width = step.argument("high").number_or(1.0) - low;
        Affine::of(columns, |range, rounding| {
            let Some((min, max)) = range.0 else { return ColumnScaling::Empty };
            let is_constant = max - min <= rounding.tolerance(max.abs().max(min.abs()));
            let scale = if is_constant { 1.0 } else { max - min } / width;
            let shift = min - low * scale;
            match is_constant {
                true => ColumnScaling::Constant { number: min, shift, scale },
                false => ColumnScaling::Spread { shift, scale },
            }
        })
    }

    applies_affine!();
}
