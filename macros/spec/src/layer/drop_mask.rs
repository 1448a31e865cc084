//! `DropMask`: from here on all steps count.

use super::{Form, Layer, Sizes};
use crate::{MaskRule, Shape, Size, Text, Value};

/// The row of the table.
pub const LAYER: Layer = Layer {
    name: "DropMask",
    module: "drop_mask",
    doc: "Forgets which steps are padding, so that all of them count.",
    parameters: &[],
    output,
    count,
    sizes,
    form: Form { mask: MaskRule::Sets, ..Form::STATELESS },
};

/// The input's shape, without a mask.
pub const fn output(input: &Shape, _: &[Value]) -> Result<Shape, Text> {
    if !input.is_masked() {
        return Err(Text::new("`DropMask` has nothing to drop: what flows in is ")
            .shape(input)
            .str(", without a mask"));
    }
    Ok(input.with_mask(false))
}

/// Nothing is learned.
pub const fn count(_: &Shape, _: &[Value]) -> Size {
    Size::Known(0)
}

/// `DropMask` fits every shape.
pub const fn sizes(_: &Shape, _: &[Value]) -> Sizes {
    Sizes::of(&[])
}

#[cfg(test)]
mod tests {
    use super::*;

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
