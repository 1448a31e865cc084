//! `add`: the sum of the operands.

use super::{elementwise, MaskMerge, Merge, Operand};
use crate::{Doc, Onnx, Shape, Size, Text, Value};

/// The row of the table.
pub const MERGE: Merge = Merge {
    name: "add",
    module: "add",
    doc: Doc {
        computes: "`a + b + ..`",
        shape: "equal shapes; a size of 1 broadcasts",
        keras: "`Add`",
        torch: "`add`",
        also: &["sum", "plus", "addition", "add_n", "residual"],
        onnx: Onnx::since(14, &["Reshape", "Add", "Or"]),
    },
    parameters: &[],
    operands: (2, None),
    output,
    flops,
    counts_present: false,
    masks: MaskMerge::Any,
};

/// The broadcast shape of the operands.
pub const fn output(operands: &[Operand<'_>], _: &[Value]) -> Result<Shape, Text> {
    elementwise::output("add", operands)
}

/// One operation for each number and each operand after the first.
pub const fn flops(operands: &[Operand<'_>], _: &[Value]) -> Size {
    elementwise::flops(operands, 1)
}
