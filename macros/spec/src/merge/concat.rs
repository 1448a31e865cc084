//! `concat`: the operands side by side.

use super::{list, position, Merge, Operand};
use crate::{ArgumentKind, Kind, Parameter, Shape, Text, Value};

/// The row of the table.
pub const MERGE: Merge = Merge {
    name: "concat",
    module: "concat",
    doc: "The operands side by side along one axis, the last by default.",
    parameters: &[Parameter::optional("axis", ArgumentKind::Axis)],
    operands: (1, None),
    output,
    counts_present: false,
};

/// The sizes along the axis add up, all others must be equal.
pub const fn output(operands: &[Operand<'_>], arguments: &[Value]) -> Result<Shape, Text> {
    let first = operands[0].shape;
    let axis = arguments[0].axis_or(-1);
    let Some(axis) = position(axis, first.rank()) else {
        return Err(list(Text::new("`concat` has no axis of that number in "), operands));
    };
    let mut output = first;
    let mut i = 0;
    while i < operands.len() {
        let shape = operands[i].shape;
        if matches!(shape.kind, Kind::Categories) {
            return Err(Text::new("`concat` joins numbers, but `")
                .str(operands[i].name)
                .str("` is ")
                .shape(&shape)
                .str("; put an `Embedding` on it"));
        }
        if shape.rank() != first.rank() || shape.with(axis, first.dim(axis)).differs(&first) {
            return Err(list(
                Text::new("`concat` needs equal sizes on every other axis, but got "),
                operands,
            ));
        }
        if i > 0 {
            output = output.with(axis, output.dim(axis).plus(shape.dim(axis)));
        }
        i += 1;
    }
    Ok(output)
}
