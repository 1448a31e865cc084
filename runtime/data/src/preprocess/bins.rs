//! `bins`: discretization of numbers to intervals.

#[cfg(feature = "onnx")]
use multi_input_onnx as onnx;
use serde::{Deserialize, Serialize};

use super::{
    affine::update_by_column,
    merging::merges_state,
    sample::Sample,
    stage::{LearnedStep, Refusal},
};
use crate::{schema::Step, Real, Values};

/// The index of the interval that contains a number: the number of edges at or below it.
///
/// `bins(n)` learns n - 1 edges per index of the last axis, the quantiles that divide the training
/// rows into n equal parts. `bins(edges = [..])` sets the edges.
///
/// Equal training values give equal edges. Duplicate edges, and intervals without training rows,
/// are removed, so that every index occurs in training. A constant column has only the index 0; a
/// column of k distinct values has at most k indices. The output always has n categories; the
/// unused ones do not occur.
///
/// `sklearn.preprocessing.KBinsDiscretizer(n, encode="ordinal", strategy="quantile",
/// quantile_method="linear")`, which removes only intervals of zero width, and counts values at the
/// largest edge in the interval below. `keras.layers.Discretization(bin_boundaries=edges)`. Learned
/// edges are exact for up to 2^20 training rows; for more, they are estimated from a random sample
/// of 2^20 rows.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "Discretization")]
#[doc(alias = "KBinsDiscretizer")]
#[doc(alias = "discretize")]
#[doc(alias = "bucketize")]
#[doc(alias = "bucketized_column")]
#[doc(alias = "digitize")]
#[doc(alias = "qcut")]
#[doc(alias = "binning")]
pub struct Bins;

/// The edges that `bins` has learned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Edges {
    /// The increasing edges for each index of the last axis.
    pub edges: Vec<Vec<f64>>,
}

impl LearnedStep for Bins {
    type State = Vec<Sample>;
    type Fitted = Edges;

    fn without_rows(&self, step: &Step) -> Option<Edges> {
        let edges = step.argument("edges");
        let width = step.input.last().get();
        (!edges.is_absent()).then(|| Edges { edges: vec![edges.numbers().to_vec(); width] })
    }

    fn start(&self, step: &Step) -> Vec<Sample> {
        self.start_part(step, 0)
    }

    fn start_part(&self, step: &Step, part: u64) -> Vec<Sample> {
        vec![Sample::of_part(part); step.input.last().get()]
    }

    fn update(&self, columns: &mut Vec<Sample>, _: &Step, values: &Values) {
        update_by_column(columns, values, Sample::update);
    }

    merges_state!();

    fn learn(&self, columns: Vec<Sample>, step: &Step) -> Edges {
        let count = step.output.below.get();
        Edges { edges: columns.into_iter().map(|column| column.edges(count)).collect() }
    }

    fn check(&self, fitted: &Edges, step: &Step) -> Result<(), String> {
        let (width, below) = (step.input.last().get(), step.output.below.get());
        let increasing = |edges: &Vec<f64>| edges.windows(2).all(|pair| pair[0] < pair[1]);
        let is_valid = |edges: &Vec<f64>| edges.len() < below && increasing(edges);
        match fitted.edges.len() == width && fitted.edges.iter().all(is_valid) {
            true => Ok(()),
            false => Err(format!("expected {width} lists of fewer than {below} rising edges")),
        }
    }

    fn apply(&self, fitted: &Edges, step: &Step, values: Values) -> Result<Values, Refusal> {
        match values {
            Values::Numbers(numbers) => fitted.indices(step, &numbers),
            Values::Doubles(numbers) => fitted.indices(step, &numbers),
            others => Ok(others),
        }
    }

    #[cfg(feature = "onnx")]
    fn to_onnx(
        &self,
        fitted: &Edges,
        step: &Step,
        graph: &mut onnx::Graph,
        flow: onnx::Flow,
    ) -> Result<onnx::Flow, onnx::Refusal> {
        let most = fitted.edges.iter().map(Vec::len).max().unwrap_or(0).max(1);
        // No number reaches the edges that fill up shorter lists.
        let edges = fitted.edges.iter().flat_map(|edges| {
            let rest = std::iter::repeat_n(f64::INFINITY, most - edges.len());
            edges.iter().copied().chain(rest)
        });
        let dims = [fitted.edges.len(), most];
        let dims = if step.input.rank() == 0 { &dims[1..] } else { &dims[..] };
        let edges = graph.constant(onnx::Tensor::doubles(dims, edges));
        let rank = flow.value.rank();
        let number = graph.cast(&flow.value, onnx::DataType::Double);
        let number = graph.unsqueeze(&number, rank);
        let reached = graph.greater_or_equal(&number, &edges);
        let reached = graph.cast(&reached, onnx::DataType::Int64);
        let index = graph.reduce_sum(&reached, &[rank], false);
        Ok(flow.with(index))
    }
}

impl Edges {
    fn indices<T: Real>(&self, step: &Step, numbers: &[T]) -> Result<Values, Refusal> {
        if let Some(index) = numbers.iter().position(|number| number.is_nan()) {
            let expected = "a number, for `bins` comes before `impute`";
            return Err(Refusal::of_element(step, index, expected, "nothing"));
        }
        let bin = |(number, edges): (&T, &Vec<f64>)| {
            edges.partition_point(|edge| *edge <= number.as_f64()) as u32
        };
        let columns = self.edges.iter().cycle();
        Ok(Values::Categories(numbers.iter().zip(columns).map(bin).collect()))
    }
}
