//! `Masking`: a mask of the steps that differ from one value.

use super::{mask, Flow, LayerCall};
use crate::{graph::Graph, refusal::Refusal, value::DataType};

/// A step counts if a feature differs from the value of padding, which NaN does.
pub(super) fn write(graph: &mut Graph, layer: &LayerCall<'_>, flow: Flow) -> Result<Flow, Refusal> {
    let padding = graph.float(layer.argument("value").number_or(0.0) as f32);
    let equal = graph.equal(&flow.value, &padding);
    let differs = graph.not(&equal);
    let numbers = graph.cast(&differs, DataType::Float);
    let (any, zero) = (graph.reduce_max(&numbers, &[2], false), graph.float(0.0));
    let counts = graph.greater(&any, &zero);
    let value = mask::zeros_elsewhere(graph, &flow.value, &counts);
    let mask = match &flow.mask {
        Some(given) => graph.and(given, &counts),
        None => counts,
    };
    Ok(Flow { value, mask: Some(mask), weights: None })
}
