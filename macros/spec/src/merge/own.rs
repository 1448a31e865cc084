//! A user's own merge.

use super::{reject_categories, MaskMerge, Merge, Operand};
use crate::{
    own::{compare, Claim},
    Doc, Onnx, Shape, Size, Text,
};

/// What the macro knows of a user's own merge. It is no row of the table.
pub const MERGE: Merge = Merge {
    name: "own",
    module: "own",
    doc: Doc { onnx: Onnx::OF_OWN, ..Doc::new("a merge of one's own") },
    parameters: &[],
    operands: (1, None),
    output: |operands, _| Ok(operands[0].shape),
    flops: |_, _| Size::Unknown,
    counts_present: true,
    masks: MaskMerge::Refused,
};

/// The output of a user's own merge, where `given` is what its `const fn output_shape` gives.
pub const fn through(
    claim: &Claim<'_>,
    operands: &[Operand<'_>],
    given: Result<Shape, Text>,
) -> Result<Shape, Text> {
    if let Some(text) = reject_categories(claim.of, operands) {
        return Err(text);
    }
    let mut i = 0;
    while i < operands.len() {
        let operand = &operands[i];
        if operand.shape.is_masked() {
            let text = Text::new("`").str(claim.of).str("` would lose the mask of `");
            let text = text.str(operand.name).str("`: ").shape(&operand.shape);
            return Err(text.str("; end its branch in `DropMask`"));
        }
        i += 1;
    }
    compare(claim, given)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{own::ClaimForm, Size};

    #[test]
    fn numbers_without_a_mask_are_taken() {
        let three = Shape::numbers(&[Size::Known(3)]);
        let claim = Claim { of: "my::Gated", shape: three, form: ClaimForm::Kept };
        let refusal = |shape| {
            let operand = Operand { name: "a", shape };
            through(&claim, &[operand], Ok(three)).err().map(|text| text.as_str().to_owned())
        };
        assert_eq!(refusal(three), None);
        assert!(refusal(Shape::categories(&[])).unwrap().contains("`a` is one category"));
        let said =
            "`my::Gated` would lose the mask of `a`: [3] masked; end its branch in `DropMask`";
        assert_eq!(refusal(three.with_mask(true)).unwrap(), said);
    }
}
