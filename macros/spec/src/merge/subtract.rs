//! `subtract`: the difference of two operands.

use super::{elementwise, MaskMerge, Merge, Operand};
use crate::{Doc, Onnx, Shape, Size, Text, Value};

/// The row of the table.
pub const MERGE: Merge = Merge {
    name: "subtract",
    module: "subtract",
    doc: Doc {
        computes: "`a - b`, of two operands",
        shape: "equal shapes; a size of 1 broadcasts",
        keras: "`Subtract`",
        torch: "`sub`",
        also: &["sub", "minus", "difference", "subtraction"],
        onnx: Onnx::since(14, &["Reshape", "Sub", "Or"]),
    },
    parameters: &[],
    operands: (2, Some(2)),
    output,
    flops,
    counts_present: false,
    masks: MaskMerge::Any,
};

/// The broadcast shape of the operands.
pub const fn output(operands: &[Operand<'_>], _: &[Value]) -> Result<Shape, Text> {
    elementwise::output("subtract", operands)
}

/// One operation for each number and each operand after the first.
pub const fn flops(operands: &[Operand<'_>], _: &[Value]) -> Size {
    elementwise::flops(operands, 1)
}
