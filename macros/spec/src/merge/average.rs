//! `average`: the mean of the operands.

use super::{elementwise, MaskMerge, Merge, Operand};
use crate::{Doc, Onnx, Shape, Size, Text, Value};

/// The row of the table.
pub const MERGE: Merge = Merge {
    name: "average",
    module: "average",
    doc: Doc {
        computes: "`(a + b + ..) / n` over the operands that are present in the row",
        shape: "equal shapes; a size of 1 broadcasts",
        keras: "`Average`",
        torch: "`mean`",
        also: &["avg", "mean"],
        onnx: Onnx::since(16, &["Reshape", "Add", "Where", "Cast", "Max", "Div", "Or"]),
    },
    parameters: &[],
    operands: (2, None),
    output,
    flops,
    counts_present: true,
    masks: MaskMerge::Any,
};

/// The broadcast shape of the operands.
pub const fn output(operands: &[Operand<'_>], _: &[Value]) -> Result<Shape, Text> {
    elementwise::output("average", operands)
}

/// The sum, and a division.
pub const fn flops(operands: &[Operand<'_>], _: &[Value]) -> Size {
    elementwise::flops(operands, 0)
}
