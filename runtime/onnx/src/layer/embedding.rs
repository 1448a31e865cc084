//! `Embedding`: `Gather` of the rows of its table.

use super::{mask::of_categories, Flow, LayerCall};
use crate::{graph::Graph, refusal::Refusal};

pub(super) fn write(graph: &mut Graph, layer: &LayerCall<'_>, flow: Flow) -> Result<Flow, Refusal> {
    let table = layer.needed(graph, "weight")?;
    let value = graph.gather(&table, &flow.value, 0);
    // A list that is padded already keeps its mask: in it 0 is a category as any other.
    let mask = match (flow.mask, layer.argument("mask").flag_or(false)) {
        (None, true) => Some(of_categories(graph, &flow.value)),
        (given, _) => given,
    };
    Ok(Flow { value, mask, weights: None })
}
