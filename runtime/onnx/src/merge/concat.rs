//! `concat`: `Concat`, of the masks as well where it is along the steps.

use multi_input_spec::merge::position;

use super::{mask_of, MergeCall};
use crate::{graph::Graph, layer::Flow, refusal::Refusal, value::Value};

pub(super) fn write(graph: &mut Graph, merge: &MergeCall<'_>) -> Result<Flow, Refusal> {
    let rank = merge.output.len();
    let given = merge.arguments.first().map_or(-1, |axis| axis.axis_or(-1));
    let axis = position(given, rank).unwrap_or(rank.saturating_sub(1));
    let values: Vec<&Value> = merge.operands.iter().map(|operand| &operand.flow.value).collect();
    let value = graph.concat(&values, axis + 1);
    let mask = mask_of(graph, merge, axis == 0);
    Ok(Flow { value, mask, weights: None })
}
