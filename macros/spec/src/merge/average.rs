//! `average`: the mean of the operands.

use super::{elementwise, MaskMerge, Merge, Operand};
use crate::{Shape, Text, Value};

/// The row of the table.
pub const MERGE: Merge = Merge {
    name: "average",
    module: "average",
    doc: "The mean of the operands, number by number; of those present in a row.",
    parameters: &[],
    operands: (2, None),
    output,
    counts_present: true,
    masks: MaskMerge::Any,
};

/// The shape that all operands are stretched to.
pub const fn output(operands: &[Operand<'_>], _: &[Value]) -> Result<Shape, Text> {
    elementwise::output("average", operands)
}
