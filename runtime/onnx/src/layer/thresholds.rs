//! `Thresholds`: the first threshold is reduced by the number, the others are constants.

use super::{Flow, LayerCall};
use crate::{graph::Graph, refusal::Refusal, tensor::Tensor};

pub(super) fn write(graph: &mut Graph, layer: &LayerCall<'_>, flow: Flow) -> Result<Flow, Refusal> {
    let thresholds = layer.needed(graph, "thresholds")?;
    let count = thresholds.shape.len().max(layer.output.first().copied().unwrap_or(1));
    let first = (0..count).map(|index| if index == 0 { 1.0 } else { 0.0 });
    let first = graph.constant(Tensor::floats(&[count], first));
    let shift = graph.mul(&flow.value, &first);
    let value = graph.sub(&thresholds, &shift);
    Ok(flow.with(value))
}
