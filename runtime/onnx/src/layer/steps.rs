//! `TimeDistributed` and `PositionalEmbedding`.

use std::collections::BTreeMap;

use super::{Flow, LayerCall};
use crate::{
    graph::Graph,
    refusal::Refusal,
    value::{batch_of, Value},
};

/// `PositionalEmbedding`: a vector is added to each step.
pub(super) fn positions(
    graph: &mut Graph,
    layer: &LayerCall<'_>,
    flow: Flow,
) -> Result<Flow, Refusal> {
    let vectors = layer.needed(graph, "weight")?;
    let value = graph.add(&flow.value, &vectors);
    Ok(flow.with(value))
}

/// `TimeDistributed`: the layer on one batch of all steps.
pub(super) fn each(graph: &mut Graph, layer: &LayerCall<'_>, flow: Flow) -> Result<Flow, Refusal> {
    let Some(inner) = layer.inner else { return Ok(flow) };
    let row = flow.value.row();
    let tensors = layer.tensors.iter().filter_map(|(name, tensor)| {
        Some((name.strip_prefix("layer.")?.to_owned(), tensor.clone()))
    });
    let tensors: BTreeMap<_, _> = tensors.collect();
    let inner = LayerCall { tensors, ..*inner };
    let steps = rows_of_steps(graph, &flow.value, &row[1..]);
    let written = graph
        .within(inner.spec.name, |graph| super::write(graph, &inner, Flow::unmasked(steps)))?;
    let output: Vec<usize> = row[..1].iter().copied().chain(written.value.row()).collect();
    let value = rows_of_steps(graph, &written.value, &output);
    Ok(flow.with(value))
}

/// A reshape to rows of other sizes, which changes the number of rows.
fn rows_of_steps(graph: &mut Graph, x: &Value, row: &[usize]) -> Value {
    let sizes: Vec<i64> = std::iter::once(-1).chain(row.iter().map(|size| *size as i64)).collect();
    let sizes = graph.ints(&sizes);
    graph.operator("Reshape", &[x, &sizes]).gives(x.dtype, &batch_of(row))
}
