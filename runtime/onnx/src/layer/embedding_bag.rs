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
    let Some(mask) = &flow.mask else {
        let value = match layer.argument("mode").word_or("mean") {
            "sum" => graph.reduce_sum(&vectors, &[1], false),
            "max" => graph.reduce_max(&vectors, &[1], false),
            _ => graph.reduce_mean(&vectors, &[1], false),
        };
        return Ok(Flow::unmasked(value));
    };
    if layer.argument("mode").word_or("mean") == "max" {
        return Ok(Flow::unmasked(mask::largest(graph, &vectors, mask)));
    }
    let counted = mask::zeros_elsewhere(graph, &vectors, mask);
    let sum = graph.reduce_sum(&counted, &[1], false);
    Ok(Flow::unmasked(match layer.argument("mode").word_or("mean") {
        "sum" => sum,
        _ => {
            let count = mask::count(graph, mask);
            graph.div(&sum, &count)
        }
    }))
}
