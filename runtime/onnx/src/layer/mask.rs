//! Masks that layers read and create.

use crate::{
    graph::Graph,
    value::{DataType, Value},
};

/// The mask of categories of which 0 is padding.
pub(super) fn of_categories(graph: &mut Graph, categories: &Value) -> Value {
    let zero = graph.int(0);
    let padding = graph.equal(categories, &zero);
    graph.not(&padding)
}

/// A mask `[batch, steps]` with as many axes as a value, for operators that broadcast.
pub(crate) fn aligned(graph: &mut Graph, mask: &Value, rank: usize) -> Value {
    let mut row = mask.row();
    row.resize(rank.saturating_sub(1), 1);
    graph.reshape(mask, &row)
}

/// Zeros at the steps that do not count.
pub(super) fn zeros_elsewhere(graph: &mut Graph, value: &Value, mask: &Value) -> Value {
    let (condition, zero) = (aligned(graph, mask, value.rank()), graph.float(0.0));
    graph.choose(&condition, value, &zero)
}

/// The number of steps that count, `[batch, 1]`; at least 1, because it is a divisor.
pub(super) fn count(graph: &mut Graph, mask: &Value) -> Value {
    let numbers = graph.cast(mask, DataType::Float);
    let (count, one) = (graph.reduce_sum(&numbers, &[1], true), graph.float(1.0));
    graph.max(&count, &one)
}

/// The sum of each feature over the steps that count. Values are `[batch, steps, features]`.
pub(super) fn sum(graph: &mut Graph, value: &Value, mask: &Value) -> Value {
    let counted = zeros_elsewhere(graph, value, mask);
    graph.reduce_sum(&counted, &[1], false)
}

/// The mean, as [`sum`]; 0 where no step counts.
pub(super) fn mean(graph: &mut Graph, value: &Value, mask: &Value) -> Value {
    let (sum, count) = (sum(graph, value, mask), count(graph, mask));
    graph.div(&sum, &count)
}

/// The largest element of each feature over the steps that count; 0 where none does. Values are
/// `[batch, steps, features]`.
pub(super) fn largest(graph: &mut Graph, value: &Value, mask: &Value) -> Value {
    let (condition, least) = (aligned(graph, mask, value.rank()), graph.float(f32::NEG_INFINITY));
    let counted = graph.choose(&condition, value, &least);
    let largest = graph.reduce_max(&counted, &[1], false);
    let numbers = graph.cast(mask, DataType::Float);
    let (count, zero) = (graph.reduce_sum(&numbers, &[1], true), graph.float(0.0));
    let any = graph.greater(&count, &zero);
    graph.choose(&any, &largest, &zero)
}
