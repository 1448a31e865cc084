//! `Thresholds`: the first threshold is reduced by the number, the others are constants.

use super::{Flow, LayerCall};
use crate::{graph::Graph, refusal::Refusal, value::batch_of};

pub(super) fn write(graph: &mut Graph, layer: &LayerCall<'_>, flow: Flow) -> Result<Flow, Refusal> {
    let thresholds = layer.needed(graph, "thresholds")?;
    let others = layer.output[0] as i64 - 1;
    // Zeros behind the number rather than a product with 1, 0, 0: an infinite number times 0 is NaN.
    let pads = graph.ints(&[0, 0, 0, others]);
    let operator = graph.operator("Pad", &[&flow.value, &pads]).with("mode", "constant");
    let shift = operator.gives(flow.value.dtype, &batch_of(layer.output));
    let value = graph.sub(&thresholds, &shift);
    Ok(flow.with(value))
}

#[cfg(test)]
mod tests {
    use crate::testing::{size, Case};

    #[test]
    fn the_number_reduces_the_first_threshold() {
        let case = Case {
            name: "Thresholds",
            arguments: &[("units", size(3))],
            tensors: &[("thresholds", &[3])],
        };
        assert_eq!(
            case.on(&[1]),
            ["Pad = Pad(x, [0, 0, 0, 2]) mode=constant", "Sub = Sub(thresholds, Pad)"]
        );
    }
}
