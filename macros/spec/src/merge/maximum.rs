//! `maximum`: the elementwise maximum of the operands.

use super::{elementwise, MaskMerge, Merge, Operand};
use crate::{Doc, Onnx, Shape, Size, Text, Value};

/// The row of the table.
pub const MERGE: Merge = Merge {
    name: "maximum",
    module: "maximum",
    doc: Doc {
        computes: "the largest of the operands, element by element",
        shape: "equal shapes; a size of 1 broadcasts",
        keras: "`Maximum`",
        torch: "`maximum`",
        also: &["max"],
        onnx: Onnx::since(16, &["Reshape", "Max", "Where", "Or"]),
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
    elementwise::output("maximum", operands)
}

/// One operation for each number and each operand after the first.
pub const fn flops(operands: &[Operand<'_>], _: &[Value]) -> Size {
    elementwise::flops(operands, 1)
}
