//! `Flatten` and `Reshape`: `Reshape`.

use super::{Flow, LayerCall};
use crate::{graph::Graph, refusal::Refusal};

pub(super) fn write(graph: &mut Graph, layer: &LayerCall<'_>, flow: Flow) -> Result<Flow, Refusal> {
    let value = graph.reshape(&flow.value, layer.output);
    Ok(flow.with(value))
}
