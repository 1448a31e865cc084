//! `dot`: the dot product along an axis.

use super::{list, no_axis, position, reject_categories, MaskMerge, Merge, Operand};
use crate::{ArgumentKind, Doc, Onnx, Parameter, Shape, Size, Text, Value, MAX_RANK};

/// The row of the table.
pub const MERGE: Merge = Merge {
    name: "dot",
    module: "dot",
    doc: Doc {
        computes: "the scalar product of two operands along `axis`; with `normalize`, the cosine",
        shape: "the axes that are left, or `[1]`",
        keras: "`Dot`",
        torch: "`linalg.vecdot`, `CosineSimilarity`",
        also: &["inner", "inner_product", "scalar_product", "dot_product", "vecdot"],
        onnx: Onnx::since(
            14,
            &["Transpose", "Reshape", "MatMul", "Mul", "ReduceSum", "Sqrt", "Max", "Div"],
        ),
    },
    parameters: &[
        Parameter::optional("axis", ArgumentKind::Axis).or("-1"),
        Parameter::optional("normalize", ArgumentKind::Flag).or("false"),
    ],
    operands: (2, Some(2)),
    output,
    flops,
    counts_present: false,
    masks: MaskMerge::Refused,
};

/// The remaining axes, those of the first operand before those of the second; `[1]` without
/// remaining axes.
pub const fn output(operands: &[Operand<'_>], arguments: &[Value]) -> Result<Shape, Text> {
    if let Some(text) = reject_categories("dot", operands) {
        return Err(text);
    }
    let (a, b) = (&operands[0].shape, &operands[1].shape);
    if a.is_masked() || b.is_masked() {
        let text = Text::new("`dot` would lose the mask of ");
        return Err(list(text, operands).str("; end the branch in `DropMask`"));
    }
    let axis = arguments[0].axis_or(-1);
    let (Some(a_axis), Some(b_axis)) = (position(axis, a.rank()), position(axis, b.rank())) else {
        return Err(no_axis("dot", axis, operands));
    };
    if a.dim(a_axis).differs(b.dim(b_axis)) {
        return Err(mismatch(operands, a_axis, b_axis));
    }
    if a.rank() + b.rank() - 2 > MAX_RANK {
        let text = Text::new("`dot` would leave more than ").number(MAX_RANK).str(" axes of ");
        return Err(list(text, operands));
    }
    let output = push_others(push_others(Shape::numbers(&[]), a, a_axis), b, b_axis);
    Ok(if output.rank() == 0 { Shape::numbers(&[Size::Known(1)]) } else { output })
}

const fn push_others(mut output: Shape, shape: &Shape, except: usize) -> Shape {
    let mut axis = 0;
    while axis < shape.rank() {
        if axis != except {
            output = output.push(shape.dim(axis));
        }
        axis += 1;
    }
    output
}

const fn mismatch(operands: &[Operand<'_>], a_axis: usize, b_axis: usize) -> Text {
    let text = Text::new("`dot` needs equal sizes on the axis that it sums over, but got ");
    let text = list(text, operands);
    let (a, b) = (&operands[0].shape, &operands[1].shape);
    if a_axis + 1 != a.rank() || b_axis + 1 != b.rank() {
        return text;
    }
    text.str("; add `Dense(").size(a.last()).str(")` to `").str(operands[1].name).str("`")
}

/// A multiply-add for each product; with `normalize` the squares of all numbers are summed and all are
/// divided.
pub const fn flops(operands: &[Operand<'_>], arguments: &[Value]) -> Size {
    let (a, b) = (&operands[0].shape, &operands[1].shape);
    let axis = arguments[0].axis_or(-1);
    let Some(b_axis) = position(axis, b.rank()) else { return Size::Known(0) };
    let products = a.elements().times(b.with(b_axis, Size::Known(1)).elements());
    let normalized = match arguments[1].flag_or(false) {
        true => a.elements().plus(b.elements()).times(Size::Known(3)),
        false => Size::Known(0),
    };
    products.times(Size::Known(2)).plus(normalized)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Operand<'_> = Operand { name: "a", shape: Shape::numbers(&[Size::Known(32)]) };
    const B: Operand<'_> = Operand { name: "b", shape: Shape::numbers(&[Size::Known(16)]) };
    const STEPS: Operand<'_> =
        Operand { name: "steps", shape: Shape::numbers(&[Size::Known(5), Size::Known(32)]) };
    const CUBE: Operand<'_> = Operand {
        name: "cube",
        shape: Shape::numbers(&[Size::Known(2), Size::Known(3), Size::Known(4), Size::Known(32)]),
    };

    fn shown(operands: &[Operand<'_>], axis: Value) -> String {
        match output(operands, &[axis, Value::Absent]) {
            Ok(shape) => Text::new("").shape(&shape).as_str().to_string(),
            Err(text) => text.as_str().to_string(),
        }
    }

    #[test]
    fn the_axis_goes_and_the_others_stay() {
        const PRODUCT: Result<Shape, Text> = output(&[A, A], &[Value::Absent, Value::Flag(true)]);
        assert_eq!(Text::new("").shape(&PRODUCT.unwrap()).as_str(), "[1]");
        assert_eq!(shown(&[STEPS, STEPS], Value::Absent), "[5, 5]");
        assert_eq!(shown(&[STEPS, STEPS], Value::Axis(0)), "[32, 32]");
        assert_eq!(shown(&[STEPS, A], Value::Absent), "[5]");
        let unknown = Operand { name: "c", shape: Shape::numbers(&[Size::Unknown]) };
        assert_eq!(shown(&[A, unknown], Value::Absent), "[1]");
    }

    #[test]
    fn sizes_that_differ_are_mended_with_a_dense() {
        assert_eq!(
            shown(&[A, B], Value::Absent),
            "`dot` needs equal sizes on the axis that it sums over, but got `a: [32]`, `b: [16]`; \
             add `Dense(32)` to `b`"
        );
        assert_eq!(
            shown(&[STEPS, A], Value::Axis(0)),
            "`dot` needs equal sizes on the axis that it sums over, but got `steps: [5, 32]`, \
             `a: [32]`"
        );
    }

    #[test]
    fn axes_that_do_not_exist_or_would_be_too_many_are_refused() {
        assert_eq!(
            shown(&[STEPS, A], Value::Axis(1)),
            "`dot` has no axis 1 in `steps: [5, 32]`, `a: [32]`; 0 is the first and -1 the last"
        );
        assert_eq!(
            shown(&[CUBE, CUBE], Value::Absent),
            "`dot` would leave more than 4 axes of `cube: [2, 3, 4, 32]`, `cube: [2, 3, 4, 32]`"
        );
    }
}
