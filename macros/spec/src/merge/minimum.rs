//! `minimum`: the elementwise minimum of the operands.

use super::{elementwise, MaskMerge, Merge, Operand};
use crate::{Doc, Onnx, Shape, Size, Text, Value};

/// The row of the table.
pub const MERGE: Merge = Merge {
    name: "minimum",
    module: "minimum",
    doc: Doc {
        computes: "the smallest of the operands, element by element",
        shape: "equal shapes; a size of 1 broadcasts",
        keras: "`Minimum`",
        torch: "`minimum`",
        also: &["min"],
        onnx: Onnx::since(16, &["Reshape", "Min", "Where", "Or"]),
    },
    parameters: &[],
    operands: (2, None),
    output,
    flops,
    counts_present: false,
    masks: MaskMerge::Chosen,
};

/// The broadcast shape of the operands.
pub const fn output(operands: &[Operand<'_>], _: &[Value]) -> Result<Shape, Text> {
    elementwise::output("minimum", operands)
}

/// One operation for each number and each operand after the first.
pub const fn flops(operands: &[Operand<'_>], _: &[Value]) -> Size {
    elementwise::flops(operands, 1)
}
