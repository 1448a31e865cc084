//! `impute`: something in the place of missing numbers.

use std::collections::HashMap;

use multi_input_base::{Notice, NoticeKind};
use serde::{Deserialize, Serialize};

use super::{
    affine::look_by_column,
    mean::RunningMean,
    sample::Sample,
    stage::{LearnedStep, Refusal},
};
use crate::{schema::Step, Real, Values};

/// Missing numbers (NaN, or a blank cell in a file) become the mean, the median or the most
/// frequent (of several the smallest) of the training rows' present ones, for each index of the
/// last axis, or a given constant; 0 where no training row had one, of which a [`Notice`] tells.
///
/// With `indicator = true` there follow on the last axis as many flags: 1 where a number was
/// missing.
///
/// `sklearn.impute.SimpleImputer(strategy, fill_value=constant, add_indicator=indicator)` (whose
/// indicator leaves out what is never missing in training). The median is exact for up to 2^20
/// training rows; beyond, that of a random sample of as many.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Impute {
    /// One for each index of the last axis.
    pub stand_ins: Vec<f64>,
    /// The indices for which no training row had a number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub empty: Vec<usize>,
}

/// What is kept of a column.
#[derive(Debug)]
pub enum Seen {
    /// The mean so far.
    Mean(RunningMean),
    /// The numbers.
    Median(Sample),
    /// How often each number, by its bits, was seen.
    Counts(HashMap<u64, u64>),
}

impl Seen {
    fn look(&mut self, number: f64) {
        match self {
            Seen::Mean(mean) => mean.look(number),
            Seen::Median(sample) => sample.look(number),
            // Zero has two signs.
            Seen::Counts(counts) => *counts.entry((number + 0.0).to_bits()).or_default() += 1,
        }
    }

    /// What stands in; `None` where no number was seen.
    fn learn(self) -> Option<f64> {
        match self {
            Seen::Mean(mean) => mean.learn(),
            Seen::Median(sample) => sample.quantiles(&[0.5]).map(|median| median[0]),
            Seen::Counts(counts) => {
                let numbers = counts.into_iter().map(|(bits, count)| (f64::from_bits(bits), count));
                let better = |a: &(f64, u64), b: &(f64, u64)| {
                    a.1.cmp(&b.1).then_with(|| b.0.total_cmp(&a.0))
                };
                numbers.max_by(better).map(|(number, _)| number)
            }
        }
    }
}

impl LearnedStep for Impute {
    type Seen = Vec<Seen>;

    fn given(step: &Step) -> Option<Impute> {
        let constant = step.argument("constant");
        let width = step.input.last().get();
        let stand_ins = vec![constant.number_or(0.0); width];
        (!constant.is_absent()).then_some(Impute { stand_ins, empty: Vec::new() })
    }

    fn start(step: &Step) -> Vec<Seen> {
        let column = |_| match step.argument("strategy").word_or("mean") {
            "median" => Seen::Median(Sample::new()),
            "most_frequent" => Seen::Counts(HashMap::new()),
            _ => Seen::Mean(RunningMean::default()),
        };
        (0..step.input.last().get()).map(column).collect()
    }

    fn look(columns: &mut Vec<Seen>, _: &Step, values: &Values) {
        look_by_column(columns, values, Seen::look);
    }

    fn learn(columns: Vec<Seen>, _: &Step) -> Impute {
        let learned: Vec<Option<f64>> = columns.into_iter().map(Seen::learn).collect();
        let empty = (0..learned.len()).filter(|&column| learned[column].is_none()).collect();
        Impute { stand_ins: learned.into_iter().map(Option::unwrap_or_default).collect(), empty }
    }

    fn check(&self, step: &Step) -> Result<(), String> {
        let width = step.input.last().get();
        let sound = self.stand_ins.iter().all(|number| number.is_finite())
            && self.empty.iter().all(|&column| column < width);
        match self.stand_ins.len() == width && sound {
            true => Ok(()),
            false => Err(format!("expected {width} finite numbers")),
        }
    }

    fn notices(&self, _: &Step) -> Vec<Notice> {
        let several = self.stand_ins.len() > 1;
        let notice = |&column: &usize| {
            let message = "no training row has a value, so 0 stands in for all of them";
            let notice = Notice::new(NoticeKind::EmptyColumn, message);
            if several {
                notice.column(column)
            } else {
                notice
            }
        };
        self.empty.iter().map(notice).collect()
    }

    fn apply(&self, step: &Step, values: Values) -> Result<Values, Refusal> {
        let indicator = step.argument("indicator").flag_or(false);
        Ok(match values {
            Values::Numbers(numbers) => Values::Numbers(self.fill(&numbers, indicator)),
            Values::Doubles(numbers) => Values::Doubles(self.fill(&numbers, indicator)),
            others => others,
        })
    }
}

impl Impute {
    /// The numbers without gaps, with flags behind each row where `indicator` asks for them.
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
