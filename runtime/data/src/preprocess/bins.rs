//! `bins`: numbers by the interval they fall into.

use serde::{Deserialize, Serialize};

use super::{
    affine::look_by_column,
    sample::Sample,
    stage::{refuse, LearnedStep, Refusal},
};
use crate::{schema::Step, Real, Values};

/// The index of the interval that a number falls into: how many edges are at or below it.
///
/// `bins(n)` learns n - 1 edges for each index of the last axis, between which equally many
/// training rows lie. With `bins(edges = [..])` they are given.
///
/// Where training rows are equal, edges coincide, and there are fewer: an interval without training
/// rows is left out, so that no index is one that training never saw. A constant column has the
/// index 0 alone; a column of k different numbers has at most k indices. The indices are below n in
/// any case, and those that no interval has are never given.
///
/// `sklearn.preprocessing.KBinsDiscretizer(n, encode="ordinal", strategy="quantile",
/// quantile_method="linear")`, which leaves out intervals of no width: those that have one and no
/// training rows it keeps, and what lies at its largest edge it adds to the interval below.
/// `keras.layers.Discretization(bin_boundaries=edges)`. Learned edges are exact for up to 2^20
/// training rows; beyond, those of a random sample of as many.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bins {
    /// The rising edges for each index of the last axis.
    pub edges: Vec<Vec<f64>>,
}

impl LearnedStep for Bins {
    type Seen = Vec<Sample>;

    fn given(step: &Step) -> Option<Bins> {
        let edges = step.argument("edges");
        let width = step.input.last().get();
        (!edges.is_absent()).then(|| Bins { edges: vec![edges.numbers().to_vec(); width] })
    }

    fn start(step: &Step) -> Vec<Sample> {
        vec![Sample::new(); step.input.last().get()]
    }

    fn look(columns: &mut Vec<Sample>, _: &Step, values: &Values) {
        look_by_column(columns, values, Sample::look);
    }

    fn learn(columns: Vec<Sample>, step: &Step) -> Bins {
        let count = step.output.below.get();
        Bins { edges: columns.into_iter().map(|column| column.edges(count)).collect() }
    }

    fn check(&self, step: &Step) -> Result<(), String> {
        let (width, below) = (step.input.last().get(), step.output.below.get());
        let rising = |edges: &Vec<f64>| edges.windows(2).all(|pair| pair[0] < pair[1]);
        let sound = |edges: &Vec<f64>| edges.len() < below && rising(edges);
        match self.edges.len() == width && self.edges.iter().all(sound) {
            true => Ok(()),
            false => Err(format!("expected {width} lists of fewer than {below} rising edges")),
        }
    }

    fn apply(&self, step: &Step, values: Values) -> Result<Values, Refusal> {
        match values {
            Values::Numbers(numbers) => self.indices(step, &numbers),
            Values::Doubles(numbers) => self.indices(step, &numbers),
            others => Ok(others),
        }
    }
}

impl Bins {
    fn indices<T: Real>(&self, step: &Step, numbers: &[T]) -> Result<Values, Refusal> {
        if let Some(place) = numbers.iter().position(|number| number.is_nan()) {
            let expected = "a number, for `bins` comes before `impute`";
            return Err(refuse(step, place, expected, "nothing"));
        }
        let bin = |(number, edges): (&T, &Vec<f64>)| {
            edges.partition_point(|edge| *edge <= number.as_f64()) as u32
        };
        let columns = self.edges.iter().cycle();
        Ok(Values::Categories(numbers.iter().zip(columns).map(bin).collect()))
    }
}
