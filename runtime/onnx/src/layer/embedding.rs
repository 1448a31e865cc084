//! `Embedding`: `Gather` of the rows of its table.

use super::{mask::of_categories, Flow, LayerCall};
use crate::{graph::Graph, refusal::Refusal};

pub(super) fn write(graph: &mut Graph, layer: &LayerCall<'_>, flow: Flow) -> Result<Flow, Refusal> {
    let table = layer.needed(graph, "weight")?;
    let value = graph.gather(&table, &flow.value, 0);
    // In a padded list category 0 counts.
    let mask = match flow.mask {
        None if layer.masked => Some(of_categories(graph, &flow.value)),
        own => own,
    };
    Ok(Flow { value, mask, weights: None })
}
