//! `distance`: the Euclidean distance of two operands.

use super::{list, reject_categories, MaskMerge, Merge, Operand};
use crate::{Doc, Onnx, Shape, Size, Text, Value};

/// The row of the table.
pub const MERGE: Merge = Merge {
    name: "distance",
    module: "distance",
    doc: Doc {
        computes: "the Euclidean distance of two operands, `sqrt(sum((a - b + 1e-6)^2))`",
        shape: "equal shapes to `[1]`",
        keras: "a `Lambda`",
        torch: "`PairwiseDistance(keepdim=True)`",
        also: &["euclidean", "euclidean_distance", "PairwiseDistance", "l2_distance", "cdist"],
        onnx: Onnx::since(14, &["Reshape", "Sub", "Add", "Mul", "ReduceSum", "Sqrt"]),
    },
    parameters: &[],
    operands: (2, Some(2)),
    output,
    flops,
    counts_present: false,
    masks: MaskMerge::Refused,
};

/// One number.
pub const fn output(operands: &[Operand<'_>], _: &[Value]) -> Result<Shape, Text> {
    if let Some(text) = reject_categories("distance", operands) {
        return Err(text);
    }
    let (a, b) = (&operands[0].shape, &operands[1].shape);
    if a.is_masked() || b.is_masked() {
        let text = Text::new("`distance` would compare the steps of padding in ");
        return Err(list(text, operands).str("; end the branch in `DropMask`"));
    }
    if a.differs(b) {
        return Err(list(Text::new("`distance` needs equal shapes, but got "), operands));
    }
    Ok(Shape::numbers(&[Size::Known(1)]))
}

/// A difference, the shift, a square and a sum for each number, and the root.
pub const fn flops(operands: &[Operand<'_>], _: &[Value]) -> Size {
    operands[0].shape.elements().times(Size::Known(4)).plus(Size::Known(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Operand<'_> = Operand { name: "a", shape: Shape::numbers(&[Size::Known(32)]) };

    #[test]
    fn equal_shapes_give_one_number() {
        const DISTANCE: Result<Shape, Text> = output(&[A, A], &[]);
        assert_eq!(Text::new("").shape(&DISTANCE.unwrap()).as_str(), "[1]");
    }

    #[test]
    fn other_shapes_are_refused() {
        let b = Operand { name: "b", shape: Shape::numbers(&[Size::Known(1)]) };
        assert_eq!(
            output(&[A, b], &[]).unwrap_err().as_str(),
            "`distance` needs equal shapes, but got `a: [32]`, `b: [1]`"
        );
        let masked = Operand { name: "a", shape: A.shape.push(Size::Known(2)).with_mask(true) };
        assert!(output(&[masked, masked], &[]).unwrap_err().as_str().contains("`DropMask`"));
    }
}
