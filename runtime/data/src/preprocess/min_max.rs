//! `min_max`: scaling to a range.

use multi_input_base::Notice;

use super::{
    affine::{applies_affine, Affine, ColumnScaling, Columns},
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
pub(super) type Range = Option<(f64, f64)>;

impl LearnedStep for MinMax {
    type State = Columns<Range>;
    type Fitted = Affine;

    fn start(&self, step: &Step) -> Columns<Range> {
        Columns::new(step, None)
    }

    fn update(&self, columns: &mut Columns<Range>, _: &Step, values: &Values) {
        columns.update(values, |range, number| {
            let (low, high) = range.unwrap_or((number, number));
            *range = Some((low.min(number), high.max(number)));
        });
    }

    fn learn(&self, columns: Columns<Range>, step: &Step) -> Affine {
        let low = step.argument("low").number_or(0.0);
        let width = step.argument("high").number_or(1.0) - low;
        Affine::of(columns, |range, rounding| {
            let Some((min, max)) = range else { return ColumnScaling::Empty };
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
