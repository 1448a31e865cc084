//! `SimpleRNN` with an activation that the operator `RNN` lacks: one step after the other.

use super::LayerCall;
use crate::{activation, graph::Graph, refusal::Refusal, value::Value};

/// The state after every step, or after the last one.
pub(super) fn run(
    graph: &mut Graph,
    layer: &LayerCall<'_>,
    x: &Value,
    every: bool,
) -> Result<Value, Refusal> {
    let (weight, bias) = (layer.needed(graph, "weight")?, layer.needed(graph, "bias")?);
    let recurrent = layer.needed(graph, "recurrent")?;
    let sums = graph.dense(x, &weight, Some(&bias));
    let mut states: Vec<Value> = Vec::new();
    for step in 0..sums.row()[0] {
        let sums = graph.slice(&sums, 1, step, step + 1);
        let mut sums = graph.squeeze(&sums, 1);
        // The state before the first step is zero.
        if let Some(state) = states.last() {
            sums = graph.dense(state, &recurrent, Some(&sums));
        }
        states.push(activation::write(graph, layer.activation, &sums));
    }
    if !every {
        let last = states.pop();
        return last.ok_or_else(|| Refusal::new("a sequence has no steps", "give it steps"));
    }
    let states: Vec<Value> = states.iter().map(|state| graph.unsqueeze(state, 1)).collect();
    Ok(graph.concat(&states.iter().collect::<Vec<_>>(), 1))
}
