//! `maximum`: the elementwise maximum of the operands.

use super::{elementwise, MaskMerge, Merge, Operand};
use crate::{Doc, Shape, Text, Value};

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
    },
    parameters: &[],
    operands: (2, None),
    output,
    counts_present: false,
    masks: MaskMerge::Chosen,
};

/// The broadcast shape of the operands.
pub const fn output(operands: &[Operand<'_>], _: &[Value]) -> Result<Shape, Text> {
    elementwise::output("maximum", operands)
}
