//! `TimeDistributed` and `PositionalEmbedding`.

use super::{Flow, LayerCall};
use crate::{graph::Graph, refusal::Refusal};

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
    let inner = layer.inside("layer")?;
    let row = flow.value.row();
    let steps = graph.reshape(&flow.value, &row[1..]);
    let written = graph
        .within(inner.spec.name, |graph| super::write(graph, &inner, Flow::unmasked(steps)))?;
    let output = [&row[..1], &written.value.row()].concat();
    let value = graph.reshape(&written.value, &output);
    Ok(flow.with(value))
}
