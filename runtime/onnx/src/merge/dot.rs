//! `dot`: `MatMul` of the operands as matrices whose inner axis is the one that is summed over.

use multi_input_spec::merge::position;

use super::MergeCall;
use crate::{graph::Graph, layer::Flow, refusal::Refusal, value::Value};

pub(super) fn write(graph: &mut Graph, merge: &MergeCall<'_>) -> Result<Flow, Refusal> {
    let [axis, normalize] = merge.arguments else { return Ok(merge.operands[0].flow.clone()) };
    let (axis, normalize) = (axis.axis_or(-1), normalize.flag_or(false));
    let [a, b] = [0, 1].map(|operand| {
        let value = &merge.operands[operand].flow.value;
        let rows = rows(graph, value, axis);
        match normalize {
            true => normalized(graph, &rows),
            false => rows,
        }
    });
    let columns = graph.transpose(&b, &[0, 2, 1]);
    let products = graph.matmul(&a, &columns);
    Ok(Flow::unmasked(graph.reshape(&products, merge.output)))
}

/// `[batch, rows, n]`, where `n` is the size of the axis that is summed over.
fn rows(graph: &mut Graph, value: &Value, axis: isize) -> Value {
    let row = value.row();
    let axis = position(axis, row.len()).unwrap_or(0) + 1;
    let others = (0..value.rank()).filter(|other| *other != axis);
    let order: Vec<usize> = others.chain([axis]).collect();
    let is_last = axis + 1 == value.rank();
    let last = if is_last { value.clone() } else { graph.transpose(value, &order) };
    let size = row[axis - 1];
    graph.reshape(&last, &[row.iter().product::<usize>() / size.max(1), size])
}

/// Each row divided by its norm, which is at least 1e-7.
fn normalized(graph: &mut Graph, rows: &Value) -> Value {
    let squares = graph.mul(rows, rows);
    let sum = graph.reduce_sum(&squares, &[2], true);
    let (norm, least) = (graph.unary("Sqrt", &sum), graph.float(1e-7));
    let norm = graph.max(&norm, &least);
    graph.div(rows, &norm)
}

#[cfg(test)]
mod tests {
    use multi_input_spec::Value as Argument;

    use crate::testing::merged;

    #[test]
    fn the_axes_that_are_left_are_rows_and_columns() {
        assert_eq!(
            merged("dot", &[], &[(&[3], false, false), (&[3], false, false)]),
            [
                "Reshape = Reshape(a, [-1, 1, 3])",
                "Reshape_2 = Reshape(b, [-1, 1, 3])",
                "Transpose = Transpose(Reshape_2) perm=[0, 2, 1]",
                "MatMul = MatMul(Reshape, Transpose)",
                "Reshape_3 = Reshape(MatMul, [-1, 1])",
            ]
        );
        let first = [("axis", Argument::Axis(0)), ("normalize", Argument::Flag(true))];
        let operators = merged("dot", &first, &[(&[3, 2], false, false), (&[3], false, false)]);
        assert_eq!(operators[0], "Transpose = Transpose(a) perm=[0, 2, 1]");
        assert!(operators.contains(&"Max = Max(Sqrt, [1e-7])".to_owned()));
    }
}
