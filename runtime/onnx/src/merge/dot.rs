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
