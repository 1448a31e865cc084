//! `impute`: imputation of missing numbers.

use std::collections::HashMap;

use multi_input_base::{Notice, NoticeKind};
#[cfg(feature = "onnx")]
use multi_input_onnx as onnx;
use serde::{Deserialize, Serialize};

#[cfg(feature = "onnx")]
use super::onnx::by_column;
use super::{
    affine::update_by_column,
    mean::RunningMean,
    merging::{merges_state, Mergeable},
    sample::Sample,
    stage::{LearnedStep, Refusal},
};
use crate::{schema::Step, Real, Values};

/// Replaces missing numbers (NaN, or a blank cell in a file) by the mean, the median or the most
/// frequent value (of several, the smallest) of the present training values for each index of the
/// last axis, or by a given constant; by 0, with a [`Notice`], where no training row has a value.
///
/// With `indicator = true`, as many flags are appended on the last axis: 1 where a number was
/// missing, else 0.
///
/// `sklearn.impute.SimpleImputer(strategy, fill_value=constant, add_indicator=indicator)`, whose
/// indicator omits columns without missing values in training. The median is exact for up to 2^20
/// training rows; for more, it is estimated from a random sample of 2^20 rows.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "SimpleImputer")]
#[doc(alias = "fillna")]
#[doc(alias = "imputer")]
#[doc(alias = "imputation")]
#[doc(alias = "fill_missing")]
pub struct Impute;

/// What `impute` has learned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StandIns {
    /// The replacement for each index of the last axis.
    pub stand_ins: Vec<f64>,
    /// The indices without a value in the training rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub empty: Vec<usize>,
}

/// The statistics of a column during fitting.
#[derive(Debug, Serialize, Deserialize)]
pub enum ColumnStatistics {
    /// The running mean.
    Mean(RunningMean),
    /// A sample of the values.
    Median(Sample),
    /// The frequency of each value, by its bits.
    Counts(HashMap<u64, u64>),
}

impl ColumnStatistics {
    fn update(&mut self, number: f64) {
        match self {
            ColumnStatistics::Mean(mean) => mean.update(number),
            ColumnStatistics::Median(sample) => sample.update(number),
            // Adding 0.0 converts -0.0 to 0.0.
            ColumnStatistics::Counts(counts) => {
                *counts.entry((number + 0.0).to_bits()).or_default() += 1
            }
        }
    }

    /// The replacement; `None` for an empty column.
    fn learn(self) -> Option<f64> {
        match self {
            ColumnStatistics::Mean(mean) => mean.learn(),
            ColumnStatistics::Median(sample) => sample.quantiles(&[0.5]).map(|median| median[0]),
            ColumnStatistics::Counts(counts) => {
                let numbers = counts.into_iter().map(|(bits, count)| (f64::from_bits(bits), count));
                let better = |a: &(f64, u64), b: &(f64, u64)| {
                    a.1.cmp(&b.1).then_with(|| b.0.total_cmp(&a.0))
                };
                numbers.max_by(better).map(|(number, _)| number)
            }
        }
    }
}

impl Mergeable for ColumnStatistics {
    fn merge(&mut self, later: ColumnStatistics) -> Result<(), String> {
        match (self, later) {
            (ColumnStatistics::Mean(mean), ColumnStatistics::Mean(later)) => mean.merge(later),
            (ColumnStatistics::Median(sample), ColumnStatistics::Median(later)) => {
                sample.merge(later)
            }
            (ColumnStatistics::Counts(counts), ColumnStatistics::Counts(later)) => {
                later.into_iter().for_each(|(bits, count)| {
                    *counts.entry(bits).or_default() += count;
                });
                Ok(())
            }
            _ => Err("the statistics of another strategy".to_owned()),
        }
    }
}

impl LearnedStep for Impute {
    type State = Vec<ColumnStatistics>;
    type Fitted = StandIns;

    fn without_rows(&self, step: &Step) -> Option<StandIns> {
        let constant = step.argument("constant");
        let width = step.input.last().get();
        let stand_ins = vec![constant.number_or(0.0); width];
        (!constant.is_absent()).then_some(StandIns { stand_ins, empty: Vec::new() })
    }

    fn start(&self, step: &Step) -> Vec<ColumnStatistics> {
        self.start_part(step, 0)
    }

    fn start_part(&self, step: &Step, part: u64) -> Vec<ColumnStatistics> {
        let column = |_| match step.argument("strategy").word_or("mean") {
            "median" => ColumnStatistics::Median(Sample::of_part(part)),
            "most_frequent" => ColumnStatistics::Counts(HashMap::new()),
            _ => ColumnStatistics::Mean(RunningMean::default()),
        };
        (0..step.input.last().get()).map(column).collect()
    }

    fn update(&self, columns: &mut Vec<ColumnStatistics>, _: &Step, values: &Values) {
        update_by_column(columns, values, ColumnStatistics::update);
    }

    merges_state!();

    fn learn(&self, columns: Vec<ColumnStatistics>, _: &Step) -> StandIns {
        let learned: Vec<Option<f64>> = columns.into_iter().map(ColumnStatistics::learn).collect();
        let empty = (0..learned.len()).filter(|&column| learned[column].is_none()).collect();
        StandIns { stand_ins: learned.into_iter().map(Option::unwrap_or_default).collect(), empty }
    }

    fn check(&self, fitted: &StandIns, step: &Step) -> Result<(), String> {
        let width = step.input.last().get();
        let valid = fitted.stand_ins.iter().all(|number| number.is_finite())
            && fitted.empty.iter().all(|&column| column < width);
        match fitted.stand_ins.len() == width && valid {
            true => Ok(()),
            false => Err(format!("expected {width} finite numbers")),
        }
    }

    fn notices(&self, fitted: &StandIns, _: &Step) -> Vec<Notice> {
        let several = fitted.stand_ins.len() > 1;
        let notice = |&column: &usize| {
            let message = "no training row has a value, so 0 stands in for all of them";
            let notice = Notice::new(NoticeKind::EmptyColumn, message);
            if several {
                notice.column(column)
            } else {
                notice
            }
        };
        fitted.empty.iter().map(notice).collect()
    }

    fn apply(&self, fitted: &StandIns, step: &Step, values: Values) -> Result<Values, Refusal> {
        let indicator = step.argument("indicator").flag_or(false);
        Ok(match values {
            Values::Numbers(numbers) => Values::Numbers(fitted.fill(&numbers, indicator)),
            Values::Doubles(numbers) => Values::Doubles(fitted.fill(&numbers, indicator)),
            others => others,
        })
    }

    #[cfg(feature = "onnx")]
    fn to_onnx(
        &self,
        fitted: &StandIns,
        step: &Step,
        graph: &mut onnx::Graph,
        flow: onnx::Flow,
    ) -> Result<onnx::Flow, onnx::Refusal> {
        let (value, rank) = (&flow.value, step.input.rank());
        let stand_ins = by_column(graph, step, &fitted.stand_ins);
        let stand_ins = graph.cast(&stand_ins, value.dtype);
        let is_missing = graph.is_nan(value);
        let filled = graph.choose(&is_missing, &stand_ins, value);
        if !step.argument("indicator").flag_or(false) {
            return Ok(flow.with(filled));
        }
        let flags = graph.cast(&is_missing, value.dtype);
        let [filled, flags] = [filled, flags].map(|part| match rank {
            0 => graph.unsqueeze(&part, part.rank()),
            _ => part,
        });
        let both = graph.concat(&[&filled, &flags], filled.rank() - 1);
        Ok(flow.with(both))
    }
}

impl StandIns {
    /// The imputed numbers, with flags after each row if `indicator` is set.
    fn fill<T: Real>(&self, numbers: &[T], indicator: bool) -> Vec<T> {
        let mut filled = Vec::with_capacity(numbers.len() * (1 + usize::from(indicator)));
        for row in numbers.chunks_exact(self.stand_ins.len().max(1)) {
            let fill = |(&number, &stand_in): (&T, &f64)| match number.is_nan() {
                true => T::of(stand_in),
                false => number,
            };
            filled.extend(row.iter().zip(&self.stand_ins).map(fill));
            if indicator {
                let flag = |number: &T| if number.is_nan() { T::one() } else { T::zero() };
                filled.extend(row.iter().map(flag));
            }
        }
        filled
    }
}
