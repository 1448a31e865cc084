//! `subtract`: the first operand less the second.

use super::{elementwise, MaskMerge, Merge, Operand};
use crate::{Shape, Text, Value};

/// The row of the table.
pub const MERGE: Merge = Merge {
    name: "subtract",
    module: "subtract",
    doc: "The first operand less the second, number by number.",
    parameters: &[],
    operands: (2, Some(2)),
    output,
    counts_present: false,
    masks: MaskMerge::Any,
};

/// The shape that all operands are stretched to.
pub const fn output(operands: &[Operand<'_>], _: &[Value]) -> Result<Shape, Text> {
    elementwise::output("subtract", operands)
}
