//! `Dense`: `Gemm` of vectors, `MatMul` and `Add` of sequences.

use super::{Flow, LayerCall};
use crate::{graph::Graph, refusal::Refusal};

pub(super) fn write(graph: &mut Graph, layer: &LayerCall<'_>, flow: Flow) -> Result<Flow, Refusal> {
    let weight = layer.needed(graph, "weight")?;
    let bias = layer.weight(graph, "bias");
    let value = graph.dense(&flow.value, &weight, bias.as_ref());
    Ok(flow.with(value))
}
