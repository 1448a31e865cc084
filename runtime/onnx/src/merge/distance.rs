//! `distance`: the root of the sum of squared differences.

use super::MergeCall;
use crate::{graph::Graph, layer::Flow, refusal::Refusal};

pub(super) fn write(graph: &mut Graph, merge: &MergeCall<'_>) -> Result<Flow, Refusal> {
    let [a, b] = [0, 1].map(|operand| {
        let value = &merge.operands[operand].flow.value;
        graph.reshape(value, &[value.elements()])
    });
    let (difference, shift) = (graph.sub(&a, &b), graph.float(1e-6));
    let shifted = graph.add(&difference, &shift);
    let squares = graph.mul(&shifted, &shifted);
    let sum = graph.reduce_sum(&squares, &[1], true);
    Ok(Flow::unmasked(graph.unary("Sqrt", &sum)))
}
