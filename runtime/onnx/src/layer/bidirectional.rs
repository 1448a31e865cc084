//! `Bidirectional`: a recurrent layer in each direction, and their merge.

use super::{mask::zeros_elsewhere, recurrent, Flow, LayerCall};
use crate::{graph::Graph, refusal::Refusal, value::Value};

pub(super) fn write(graph: &mut Graph, layer: &LayerCall<'_>, flow: Flow) -> Result<Flow, Refusal> {
    let (forward, backward) = (layer.inside("forward")?, layer.inside("backward")?);
    let every = recurrent::returns_sequences(&forward);
    let first = graph.within("forward", |graph| recurrent::read(graph, &forward, &flow))?;
    let second = graph.within("backward", |graph| {
        let reversed = recurrent::reversed(graph, &flow);
        let states = recurrent::read(graph, &backward, &reversed)?;
        // Each output has the index of its step.
        Ok(if every { graph.reverse(&states, 1) } else { states })
    })?;
    // Where all steps are returned, the outputs of masked ones are zeros.
    let [first, second] = [first, second].map(|states| match &flow.mask {
        Some(mask) if every => zeros_elsewhere(graph, &states, mask),
        _ => states,
    });
    let value = merged(graph, layer.argument("merge").word_or("concat"), &first, &second);
    Ok(Flow { value, mask: flow.mask, weights: None })
}

fn merged(graph: &mut Graph, merge: &str, first: &Value, second: &Value) -> Value {
    match merge {
        "sum" => graph.add(first, second),
        "average" => {
            let (sum, two) = (graph.add(first, second), graph.float(2.0));
            graph.div(&sum, &two)
        }
        "multiply" => graph.mul(first, second),
        _ => graph.concat(&[first, second], first.rank() - 1),
    }
}
