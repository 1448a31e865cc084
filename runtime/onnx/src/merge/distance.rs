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

#[cfg(test)]
mod tests {
    use crate::testing::merged;

    #[test]
    fn the_distance_is_over_all_axes() {
        assert_eq!(
            merged("distance", &[], &[(&[2, 3], false, false), (&[2, 3], false, false)]),
            [
                "Reshape = Reshape(a, [-1, 6])",
                "Reshape_2 = Reshape(b, [-1, 6])",
                "Sub = Sub(Reshape, Reshape_2)",
                "Add = Add(Sub, [1e-6])",
                "Mul = Mul(Add, Add)",
                "ReduceSum = ReduceSum(Mul, [1]) keepdims=1",
                "Sqrt = Sqrt(ReduceSum)",
            ]
        );
    }
}
