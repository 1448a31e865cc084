//! `EmbeddingBag`: `Gather`, and a pooling over the values that count.

use super::{mask, Flow, LayerCall};
use crate::{graph::Graph, refusal::Refusal};

pub(super) fn write(graph: &mut Graph, layer: &LayerCall<'_>, flow: Flow) -> Result<Flow, Refusal> {
    let table = layer.needed(graph, "weight")?;
    let mut vectors = graph.gather(&table, &flow.value, 0);
    if let Some(weights) = &flow.weights {
        let weights = graph.reshape(weights, &[flow.value.elements(), 1]);
        vectors = graph.mul(&vectors, &weights);
    }
    let mode = layer.argument("mode").word_or("mean");
    let value = match (mode, &flow.mask) {
        ("sum", None) => graph.reduce_sum(&vectors, &[1], false),
        ("sum", Some(mask)) => mask::sum(graph, &vectors, mask),
        ("max", None) => graph.reduce_max(&vectors, &[1], false),
        ("max", Some(mask)) => mask::largest(graph, &vectors, mask),
        (_, None) => graph.reduce_mean(&vectors, &[1], false),
        (_, Some(mask)) => mask::mean(graph, &vectors, mask),
    };
    Ok(Flow::unmasked(value))
}
