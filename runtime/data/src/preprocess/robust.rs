//! `robust`: median 0 and interquartile range 1.

use multi_input_base::Notice;

use super::{
    affine::{applies_affine, Affine, ColumnScaling, Columns},
    merging::merges_state,
    sample::Sample,
    stage::{LearnedStep, Refusal},
};
use crate::{schema::Step, Values};

/// (x - median) / (third quartile - first quartile), for each index of the last axis; outliers
/// hardly affect the scale. A column with equal quartiles has scale 1 and a [`Notice`].
/// `sklearn.preprocessing.RobustScaler`.
///
/// Quartiles are exact for up to 2^20 training rows; for more, they are estimated from a random
/// sample of 2^20 rows.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "RobustScaler")]
#[doc(alias = "robust_scale")]
pub struct Robust;

impl LearnedStep for Robust {
    type State = Columns<Sample>;
    type Fitted = Affine;

    fn start(&self, step: &Step) -> Columns<Sample> {
        self.start_part(step, 0)
    }

    fn start_part(&self, step: &Step, part: u64) -> Columns<Sample> {
        Columns::new(step, Sample::of_part(part))
    }

    fn update(&self, columns: &mut Columns<Sample>, _: &Step, values: &Values) {
        columns.update(values, Sample::update);
    }

    merges_state!();

    fn learn(&self, columns: Columns<Sample>, _: &Step) -> Affine {
        Affine::of(columns, |column, rounding| {
            match column.quantiles(&[0.25, 0.5, 0.75]).as_deref() {
                Some(&[first, median, third]) => {
                    let largest = third.abs().max(first.abs());
                    ColumnScaling::of(median, third - first, largest, rounding)
                }
                _ => ColumnScaling::Empty,
            }
        })
    }

    applies_affine!();
}
