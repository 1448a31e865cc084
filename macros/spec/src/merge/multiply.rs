//! `multiply`: the product of the operands.

use super::{elementwise, MaskMerge, Merge, Operand};
use crate::{Doc, Onnx, Shape, Size, Text, Value};

/// The row of the table.
pub const MERGE: Merge = Merge {
    name: "multiply",
    module: "multiply",
    doc: Doc {
        computes: "`a * b * ..`, element by element",
        shape: "equal shapes; a size of 1 broadcasts",
        keras: "`Multiply`",
        torch: "`mul`",
        also: &["mul", "product", "prod", "times", "hadamard", "multiplication"],
        onnx: Onnx::since(14, &["Reshape", "Mul", "Or"]),
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
    elementwise::output("multiply", operands)
}

/// One operation for each number and each operand after the first.
pub const fn flops(operands: &[Operand<'_>], _: &[Value]) -> Size {
    elementwise::flops(operands, 1)
}
