//! `Embedding`: `Gather` of the rows of its table.

use super::{mask::of_categories, Flow, LayerCall};
use crate::{graph::Graph, refusal::Refusal};

pub(super) fn write(graph: &mut Graph, layer: &LayerCall<'_>, flow: Flow) -> Result<Flow, Refusal> {
    let table = layer.needed(graph, "weight")?;
    let value = graph.gather(&table, &flow.value, 0);
    let mask = match layer.masked {
        true => Some(of_categories(graph, &flow)),
        false => None,
    };
    Ok(Flow { value, mask, weights: None })
}
