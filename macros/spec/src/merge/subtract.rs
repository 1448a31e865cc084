//! `subtract`: the difference of two operands.

use super::{elementwise, MaskMerge, Merge, Operand};
use crate::{Doc, Shape, Text, Value};

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
    },
    parameters: &[],
    operands: (2, Some(2)),
    output,
    counts_present: false,
    masks: MaskMerge::Any,
};

/// The broadcast shape of the operands.
pub const fn output(operands: &[Operand<'_>], _: &[Value]) -> Result<Shape, Text> {
    elementwise::output("subtract", operands)
}
