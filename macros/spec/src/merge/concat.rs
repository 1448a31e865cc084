//! `concat`: concatenates the operands.

use super::{all_masked, list, no_axis, position, reject_categories, MaskMerge, Merge, Operand};
use crate::{ArgumentKind, Doc, Onnx, Parameter, Shape, Size, Text, Value};

/// The row of the table.
pub const MERGE: Merge = Merge {
    name: "concat",
    module: "concat",
    doc: Doc {
        computes: "the operands side by side along `axis`",
        shape: "sizes along `axis` add up, the others are equal",
        keras: "`Concatenate`",
        torch: "`cat`",
        also: &["concatenate", "cat", "join", "hstack", "concatenation"],
        onnx: Onnx::since(15, &["Concat", "Or", "Shape", "Slice", "Expand"]),
    },
    parameters: &[Parameter::optional("axis", ArgumentKind::Axis).or("-1")],
    operands: (1, None),
    output,
    flops,
    counts_present: false,
    masks: MaskMerge::Joined,
};

/// Sizes along the axis add up; all others must be equal. Along the steps, one masked operand makes
/// the output masked; all steps of unmasked operands count.
pub const fn output(operands: &[Operand<'_>], arguments: &[Value]) -> Result<Shape, Text> {
    if let Some(text) = reject_categories("concat", operands) {
        return Err(text);
    }
    let first = operands[0].shape.with_mask(false);
    let (mut masked, all) = (false, all_masked(operands));
    let given = arguments[0].axis_or(-1);
    let Some(axis) = position(given, first.rank()) else {
        return Err(no_axis("concat", given, operands));
    };
    let mut output = first;
    let mut i = 0;
    while i < operands.len() {
        let shape = operands[i].shape.with_mask(false);
        masked |= operands[i].shape.is_masked();
        if shape.rank() != first.rank() {
            let text = Text::new("`concat` needs operands of as many dimensions, but got ");
            return Err(list(text, operands).str("; `Flatten` leaves one of any number"));
        }
        if shape.with(axis, first.dim(axis)).differs(&first) {
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
    Ok(output.with_mask(if axis == 0 { masked } else { all }))
}

/// Copies alone.
pub const fn flops(_: &[Operand<'_>], _: &[Value]) -> Size {
    Size::Known(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Size;

    const A: Operand<'_> =
        Operand { name: "a", shape: Shape::numbers(&[Size::Known(3), Size::Known(4)]) };
    const B: Operand<'_> =
        Operand { name: "b", shape: Shape::numbers(&[Size::Known(5), Size::Known(4)]) };

    fn shown(operands: &[Operand<'_>], axis: Value) -> String {
        match output(operands, &[axis]) {
            Ok(shape) => Text::new("").shape(&shape).as_str().to_string(),
            Err(text) => text.as_str().to_string(),
        }
    }

    #[test]
    fn sizes_along_the_axis_add_up() {
        const JOINED: Result<Shape, Text> = output(&[A, B], &[Value::Axis(0)]);
        assert_eq!(Text::new("").shape(&JOINED.unwrap()).as_str(), "[8, 4]");
        assert_eq!(shown(&[A, A, A], Value::Absent), "[3, 12]");
        assert_eq!(shown(&[A], Value::Absent), "[3, 4]");
        let unknown =
            Operand { name: "c", shape: Shape::numbers(&[Size::Unknown, Size::Known(4)]) };
        assert_eq!(shown(&[A, unknown], Value::Absent), "[3, 8]");
        assert_eq!(shown(&[A, unknown], Value::Axis(0)), "[?, 4]");
    }

    #[test]
    fn masks_follow_one_another_along_the_steps_and_are_joined_elsewhere() {
        let masked = Operand { name: "m", shape: A.shape.with_mask(true) };
        assert_eq!(shown(&[masked, A], Value::Axis(0)), "[6, 4] masked");
        assert_eq!(shown(&[masked, masked], Value::Absent), "[3, 8] masked");
        assert_eq!(shown(&[masked, A], Value::Absent), "[3, 8]");
    }

    #[test]
    fn other_sizes_must_be_equal() {
        assert_eq!(
            shown(&[A, B], Value::Absent),
            "`concat` needs equal sizes on every other axis, but got `a: [3, 4]`, `b: [5, 4]`"
        );
    }

    #[test]
    fn the_axis_must_exist() {
        assert_eq!(
            shown(&[A, B], Value::Axis(2)),
            "`concat` has no axis 2 in `a: [3, 4]`, `b: [5, 4]`; 0 is the first and -1 the last"
        );
    }
}
