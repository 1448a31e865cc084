//! `Masking`: steps that hold nothing but one value are padding.

use super::{recurrent, Form, Layer, Sizes};
use crate::{ArgumentKind, MaskRule, Parameter, Range, Shape, Size, Text, Value};

/// The row of the table.
pub const LAYER: Layer = Layer {
    name: "Masking",
    module: "masking",
    doc: "Masks the steps whose numbers all are `value`, 0 by default, and makes them 0.",
    parameters: &[Parameter::optional("value", ArgumentKind::Number(Range::Finite))],
    output,
    count,
    sizes,
    form: Form { mask: MaskRule::Sets, settings: &["value"], ..Form::STATELESS },
};

/// The input's shape, masked.
pub const fn output(input: &Shape, _: &[Value]) -> Result<Shape, Text> {
    match recurrent::sequences_only("Masking", input) {
        Some(text) => Err(text),
        None => Ok(input.with_mask(true)),
    }
}

/// Nothing is learned.
pub const fn count(_: &Shape, _: &[Value]) -> Size {
    Size::Known(0)
}

/// `Masking` fits every shape.
pub const fn sizes(_: &Shape, _: &[Value]) -> Sizes {
    Sizes::of(&[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_comes_out_masked() {
        const INPUT: Shape = Shape::numbers(&[Size::Known(7), Size::Unknown]);
        const OUTPUT: Result<Shape, Text> = output(&INPUT, &[Value::Absent]);
        assert_eq!(Text::new("").shape(&OUTPUT.unwrap()).as_str(), "[7, ?] masked");
        let text = output(&Shape::numbers(&[Size::Known(7)]), &[Value::Absent]).unwrap_err();
        assert!(text.as_str().starts_with("`Masking` reads a sequence"), "{text:?}");
    }
}
