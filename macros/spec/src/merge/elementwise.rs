//! Common parts of elementwise merges.

use super::{all_masked, list, reject_categories, Operand};
use crate::{Shape, Size, Text};

/// The broadcast shape of the operands, as in Keras: sizes are equal or 1, and shorter shapes are
/// prefixed with sizes of 1. It is masked if all operands are masked.
pub(super) const fn output(merge: &str, operands: &[Operand<'_>]) -> Result<Shape, Text> {
    if let Some(text) = reject_categories(merge, operands) {
        return Err(text);
    }
    let mut shape = operands[0].shape.with_mask(false);
    let mut i = 1;
    while i < operands.len() {
        shape = match stretched(&shape, &operands[i].shape.with_mask(false)) {
            Some(shape) => shape,
            None => return Err(mismatch(merge, operands, i, &shape)),
        };
        i += 1;
    }
    if let Some(text) = misplaced_steps(merge, operands, shape.rank()) {
        return Err(text);
    }
    Ok(shape.with_mask(all_masked(operands)))
}

/// One operation for each number of the output and each operand after the first `free` ones.
pub(super) const fn flops(operands: &[Operand<'_>], free: usize) -> Size {
    match output("", operands) {
        Ok(shape) => shape.elements().times(Size::Known(operands.len() - free)),
        Err(_) => Size::Unknown,
    }
}

/// An error if sizes of 1 would be put before the steps of a masked operand.
const fn misplaced_steps(merge: &str, operands: &[Operand<'_>], rank: usize) -> Option<Text> {
    let mut i = 0;
    while i < operands.len() {
        let operand = &operands[i];
        if operand.shape.is_masked() && operand.shape.rank() != rank {
            let text =
                Text::new("`").str(merge).str("` would lose the mask of `").str(operand.name);
            let text = text.str("`, whose steps are another axis here: ");
            return Some(list(text, operands).str("; end its branch in `DropMask`"));
        }
        i += 1;
    }
    None
}

/// The broadcast shape of two shapes, if they are compatible.
const fn stretched(a: &Shape, b: &Shape) -> Option<Shape> {
    let (long, short) = if a.rank() >= b.rank() { (a, b) } else { (b, a) };
    let ahead = long.rank() - short.rank();
    let mut shape = *long;
    let mut axis = 0;
    while axis < short.rank() {
        match stretched_size(long.dim(ahead + axis), short.dim(axis)) {
            Some(size) => shape = shape.with(ahead + axis, size),
            None => return None,
        }
        axis += 1;
    }
    Some(shape)
}

const fn stretched_size(a: Size, b: Size) -> Option<Size> {
    match (a, b) {
        (Size::Known(1), other) | (other, Size::Known(1)) => Some(other),
        // The unknown size is this one or 1, or rustc reports the mistake.
        (Size::Known(size), Size::Unknown) | (Size::Unknown, Size::Known(size)) => {
            Some(Size::Known(size))
        }
        (Size::Unknown, Size::Unknown) => Some(Size::Unknown),
        (Size::Known(a), Size::Known(b)) => {
            if a == b {
                Some(Size::Known(a))
            } else {
                None
            }
        }
    }
}

/// The error for operand number `odd`, which is incompatible with the shape `shape` of those before
/// it.
const fn mismatch(merge: &str, operands: &[Operand<'_>], odd: usize, shape: &Shape) -> Text {
    let text = Text::new("`").str(merge).str("` needs operands of equal shape, but got ");
    let text = list(text, operands);
    if !differ_in_the_last_size_only(shape, &operands[odd].shape) {
        return text.str("; a size of 1 would be stretched, no other");
    }
    text.str("; add `Dense(")
        .size(shape.last())
        .str(")` to `")
        .str(operands[odd].name)
        .str("`, or use concat")
}

const fn differ_in_the_last_size_only(a: &Shape, b: &Shape) -> bool {
    if a.rank() == 0 {
        return false;
    }
    let last = a.rank() - 1;
    a.last().differs(b.last()) && !a.differs(&b.with(last, a.last()).with_mask(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn operand<'a>(name: &'a str, dims: &[usize]) -> Operand<'a> {
        let mut shape = Shape::numbers(&[]);
        let mut i = 0;
        while i < dims.len() {
            shape = shape.push(Size::Known(dims[i]));
            i += 1;
        }
        Operand { name, shape }
    }

    fn shown(operands: &[Operand<'_>]) -> String {
        match output("add", operands) {
            Ok(shape) => Text::new("").shape(&shape).as_str().to_string(),
            Err(text) => text.as_str().to_string(),
        }
    }

    #[test]
    fn sizes_of_one_are_stretched() {
        const SUM: Result<Shape, Text> =
            output("add", &[operand("a", &[5, 1]), operand("b", &[1, 7])]);
        assert_eq!(Text::new("").shape(&SUM.unwrap()).as_str(), "[5, 7]");
        assert_eq!(shown(&[operand("a", &[3]), operand("b", &[3]), operand("c", &[3])]), "[3]");
        assert_eq!(shown(&[operand("a", &[3]), operand("b", &[5, 3])]), "[5, 3]");
    }

    #[test]
    fn a_mask_stays_where_all_have_one() {
        let a = operand("a", &[5, 3]);
        let masked = Operand { name: "m", shape: a.shape.with_mask(true) };
        assert_eq!(shown(&[masked, masked]), "[5, 3] masked");
        assert_eq!(shown(&[masked, a]), "[5, 3]");
        assert_eq!(shown(&[masked, operand("b", &[3])]), "[5, 3]");
        assert_eq!(
            shown(&[operand("b", &[2, 5, 3]), masked]),
            "`add` would lose the mask of `m`, whose steps are another axis here: \
             `b: [2, 5, 3]`, `m: [5, 3] masked`; end its branch in `DropMask`"
        );
    }

    #[test]
    fn an_unknown_size_passes() {
        let unknown = Operand { name: "b", shape: Shape::numbers(&[Size::Unknown]) };
        assert_eq!(shown(&[operand("a", &[3]), unknown]), "[3]");
        assert_eq!(shown(&[operand("a", &[1]), unknown]), "[?]");
        assert_eq!(shown(&[unknown, unknown]), "[?]");
    }

    #[test]
    fn a_width_that_differs_is_mended_with_a_dense() {
        assert_eq!(
            shown(&[operand("measurements", &[32]), operand("district", &[16])]),
            "`add` needs operands of equal shape, but got `measurements: [32]`, \
             `district: [16]`; add `Dense(32)` to `district`, or use concat"
        );
    }

    #[test]
    fn other_differences_are_told() {
        assert_eq!(
            shown(&[operand("a", &[4, 32]), operand("b", &[5, 32])]),
            "`add` needs operands of equal shape, but got `a: [4, 32]`, `b: [5, 32]`; a size of 1 \
             would be stretched, no other"
        );
    }

    #[test]
    fn categories_are_refused() {
        let category = Operand { name: "district", shape: Shape::categories(&[]) };
        assert_eq!(
            shown(&[operand("a", &[4]), category]),
            "`add` computes with numbers, but `district` is one category; put an `Embedding` on it"
        );
    }
}
