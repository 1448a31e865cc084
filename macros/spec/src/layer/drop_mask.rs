//! `DropMask`: removes the mask, so that all steps count.

use super::{layer, numbers_only, Form};
use crate::{Doc, MaskRule, Onnx, Size, Text};

layer! {
    "DropMask", "drop_mask";
    doc: Doc {
        computes: "drops the mask, so that all steps count",
        shape: "`[steps, a] masked` to `[steps, a]`",
        keras: "",
        torch: "",
        also: &["RemoveMask"],
        onnx: Onnx::Nothing,
    },
    form: Form { mask: MaskRule::Sets, ..Form::STATELESS },
    refuses: |name, input, _| match input.is_masked() {
        true => numbers_only(name, input),
        false => Some(
            Text::new("`DropMask` has nothing to drop: what flows in is ")
                .shape(input)
                .str(", without a mask"),
        ),
    },
    output: |input, _| input.with_mask(false),
    flops: |_, _| Size::Known(0),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Shape, Size};

    #[test]
    fn there_must_be_a_mask_to_drop() {
        let plain = Shape::numbers(&[Size::Known(7), Size::Known(5)]);
        assert!(!output(&plain.with_mask(true), &[]).unwrap().is_masked());
        assert_eq!(
            output(&plain, &[]).unwrap_err().as_str(),
            "`DropMask` has nothing to drop: what flows in is [7, 5], without a mask"
        );
    }
}
