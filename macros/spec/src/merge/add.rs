//! `add`: the operands added up.

use super::{elementwise, MaskMerge, Merge, Operand};
use crate::{Shape, Text, Value};

/// The row of the table.
pub const MERGE: Merge = Merge {
    name: "add",
    module: "add",
    doc: "The sum of the operands, number by number.",
    parameters: &[],
    operands: (2, None),
    output,
    counts_present: false,
    masks: MaskMerge::Any,
};

/// The shape that all operands are stretched to.
pub const fn output(operands: &[Operand<'_>], _: &[Value]) -> Result<Shape, Text> {
    elementwise::output("add", operands)
}
