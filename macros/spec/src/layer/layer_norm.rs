//! `LayerNorm`: every row with mean 0 and variance 1.

use super::{numbers_only, Form, Layer, Sizes};
use crate::{ArgumentKind, MaskRule, Parameter, Range, Shape, Size, Text, Value};

/// The row of the table.
pub const LAYER: Layer = Layer {
    name: "LayerNorm",
    module: "layer_norm",
    doc: "Every row brought to mean 0 and variance 1 along the last axis, then scaled and shifted.",
    parameters: &[Parameter::optional("epsilon", ArgumentKind::Number(Range::Positive))],
    output,
    count,
    sizes,
    form: Form {
        holds_tensors: true,
        settings: &["epsilon"],
        mask: MaskRule::Keeps,
        ..Form::STATELESS
    },
};

/// The input's shape.
pub const fn output(input: &Shape, _: &[Value]) -> Result<Shape, Text> {
    if let Some(text) = numbers_only("LayerNorm", input) {
        return Err(text);
    }
    if input.rank() == 0 || input.rank() > 2 {
        return Err(Text::new(
            "`LayerNorm` takes [features] or [steps, features], but what flows in is ",
        )
        .shape(input)
        .str("; put `Flatten` before it"));
    }
    Ok(*input)
}

/// The scale and the offset.
pub const fn count(input: &Shape, _: &[Value]) -> Size {
    input.last().times(Size::Known(2))
}

/// `LayerNorm<FEATURES, ..>`.
pub const fn sizes(input: &Shape, _: &[Value]) -> Sizes {
    Sizes::of(&[input.last()])
}

#[cfg(test)]
mod tests {
    use super::*;

    const INPUT: Shape = Shape::numbers(&[Size::Known(3), Size::Known(4)]);

    fn error(input: Shape, epsilon: Value) -> String {
        output(&input, &[epsilon]).unwrap_err().as_str().to_string()
    }

    #[test]
    fn the_shape_stays_and_two_numbers_a_feature_are_learned() {
        const OUTPUT: Result<Shape, Text> = output(&INPUT, &[Value::Absent]);
        assert!(!OUTPUT.unwrap().differs(&INPUT));
        assert_eq!(count(&INPUT, &[Value::Absent]), Size::Known(8));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(
            error(INPUT.push(Size::Known(5)), Value::Absent),
            "`LayerNorm` takes [features] or [steps, features], but what flows in is [3, 4, 5]; \
             put `Flatten` before it"
        );
        let text = error(Shape::categories(&[]), Value::Absent);
        assert!(text.starts_with("`LayerNorm` computes with numbers"), "{text}");
    }
}
