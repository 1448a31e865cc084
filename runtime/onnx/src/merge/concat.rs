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

#[cfg(test)]
mod tests {
    use multi_input_spec::Value as Argument;

    use crate::testing::merged;

    #[test]
    fn all_steps_of_an_operand_without_a_mask_count() {
        let axis = [("axis", Argument::Axis(0))];
        assert_eq!(
            merged("concat", &axis, &[(&[2, 3], true, false), (&[4, 3], false, false)]),
            [
                "Concat = Concat(a, b) axis=1",
                "Shape = Shape(b)",
                "Slice = Slice(Shape, [0], [1], [0])",
                "Concat_2 = Concat(Slice, [4]) axis=0",
                "Expand = Expand([1], Concat_2)",
                "Concat_3 = Concat(a.mask, Expand) axis=1",
            ]
        );
    }

    #[test]
    fn along_another_axis_a_step_counts_that_counts_in_any() {
        assert_eq!(
            merged("concat", &[], &[(&[2, 3], true, false), (&[2, 1], true, false)]),
            ["Concat = Concat(a, b) axis=2", "Or = Or(a.mask, b.mask)"]
        );
    }
}
