//! Sequences with the steps that count in front.

use crate::{
    graph::Graph,
    layer::aligned,
    tensor::Tensor,
    value::{DataType, Dim, Value},
};

/// The steps that count, in their order, and behind them the others. `x` is `[batch, steps, features]`.
pub(super) fn in_front(graph: &mut Graph, x: &Value, mask: &Value) -> Value {
    let steps = x.row()[0];
    // The largest keys are those of the first steps that count.
    let places = Tensor::floats(&[steps], (1..=steps).rev().map(|place| place as f32));
    let (places, counts) = (graph.constant(places), graph.cast(mask, DataType::Float));
    let keys = graph.mul(&counts, &places);
    let how_many = graph.ints(&[steps as i64]);
    let operator = graph.operator("TopK", &[&keys, &how_many]);
    let operator = operator.with("axis", 1_i64).with("largest", 1_i64).with("sorted", 1_i64);
    let [_, order] = operator.gives_all([
        Some((DataType::Float, &mask.shape[..])),
        Some((DataType::Int64, &mask.shape[..])),
    ]);
    at(graph, x, &order)
}

/// For every step, or for the last one, the state after the steps that count up to it; zeros where
/// there is none. `states` are those of sequences that went through [`in_front`].
pub(super) fn after_each(graph: &mut Graph, states: &Value, mask: &Value, every: bool) -> Value {
    // Of `float`, because tract has no sums of `int64`.
    let counts = graph.cast(mask, DataType::Float);
    let counts = match every {
        true => graph.cumulative_sum(&counts, 1),
        false => graph.reduce_sum(&counts, &[1], true),
    };
    let (zero, one) = (graph.float(0.0), graph.float(1.0));
    let before = graph.sub(&counts, &one);
    let index = graph.max(&before, &zero);
    let index = graph.cast(&index, DataType::Int64);
    let found = at(graph, states, &index);
    let any = graph.greater(&counts, &zero);
    let any = aligned(graph, &any, 3);
    let value = graph.choose(&any, &found, &zero);
    match every {
        true => value,
        false => graph.squeeze(&value, 1),
    }
}

/// The steps of `x` at indices `[batch, steps]`.
fn at(graph: &mut Graph, x: &Value, indices: &Value) -> Value {
    let features = x.last();
    let of_each = graph.unsqueeze(indices, 2);
    let sizes = graph.ints(&[1, 1, features as i64]);
    let mut shape = indices.shape.clone();
    shape.push(Dim::Known(features));
    let of_each = graph.operator("Expand", &[&of_each, &sizes]).gives(DataType::Int64, &shape);
    graph.gather_elements(x, &of_each, 1)
}
