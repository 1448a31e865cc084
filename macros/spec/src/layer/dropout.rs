//! `Dropout`: numbers left out at random in training.

use super::{numbers_only, Form, Layer, Sizes};
use crate::{ArgumentKind, MaskRule, Parameter, Range, Shape, Size, Text, Value};

/// The row of the table.
pub const LAYER: Layer = Layer {
    name: "Dropout",
    module: "dropout",
    doc: "In training, each number is 0 with probability `rate` and else divided by 1 - rate.",
    parameters: &[Parameter::required("rate", ArgumentKind::Number(Range::Fraction))],
    output,
    count,
    sizes,
    form: Form {
        trains_differently: true,
        random: true,
        settings: &["rate"],
        mask: MaskRule::Keeps,
        ..Form::STATELESS
    },
};

/// The input's shape.
pub const fn output(input: &Shape, _: &[Value]) -> Result<Shape, Text> {
    if let Some(text) = numbers_only("Dropout", input) {
        return Err(text);
    }
    Ok(*input)
}

/// Nothing is learned.
pub const fn count(_: &Shape, _: &[Value]) -> Size {
    Size::Known(0)
}

/// `Dropout` fits every shape.
pub const fn sizes(_: &Shape, _: &[Value]) -> Sizes {
    Sizes::of(&[])
}

#[cfg(test)]
mod tests {
    use super::*;

    const INPUT: Shape = Shape::numbers(&[Size::Known(3), Size::Known(4)]);

    #[test]
    fn the_shape_stays() {
        const OUTPUT: Result<Shape, Text> = output(&INPUT, &[Value::Number(0.5)]);
        assert!(!OUTPUT.unwrap().differs(&INPUT));
    }

    #[test]
    fn categories_are_refused() {
        let error = output(&Shape::categories(&[]), &[Value::Number(0.5)]).unwrap_err();
        assert!(error.as_str().starts_with("`Dropout` computes with numbers"), "{error:?}");
    }
}
