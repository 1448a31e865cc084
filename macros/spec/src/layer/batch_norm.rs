//! `BatchNorm`: every feature with mean 0 and variance 1 over the batch.

use super::{numbers_only, Form, Layer, Sizes};
use crate::{ArgumentKind, MaskRule, Parameter, Range, Shape, Size, Text, Value};

/// The row of the table.
pub const LAYER: Layer = Layer {
    name: "BatchNorm",
    module: "batch_norm",
    doc:
        "Every feature or channel brought to mean 0 and variance 1 over the batch, then scaled and \
          shifted.",
    parameters: &[
        Parameter::optional("momentum", ArgumentKind::Number(Range::UnitInterval)),
        Parameter::optional("epsilon", ArgumentKind::Number(Range::Positive)),
    ],
    output,
    count,
    sizes,
    form: Form {
        holds_tensors: true,
        trains_differently: true,
        batch_statistics: true,
        settings: &["momentum", "epsilon"],
        mask: MaskRule::Reads,
        ..Form::STATELESS
    },
};

/// The input's shape.
pub const fn output(input: &Shape, _: &[Value]) -> Result<Shape, Text> {
    if let Some(text) = numbers_only("BatchNorm", input) {
        return Err(text);
    }
    if input.rank() == 0 || input.rank() > 3 {
        return Err(Text::new(
            "`BatchNorm` takes [features], [steps, features] or [channels, height, width], but \
             what flows in is ",
        )
        .shape(input)
        .str("; put `Flatten` before it"));
    }
    Ok(*input)
}

/// The scale and the offset; the running statistics are not trained.
pub const fn count(input: &Shape, _: &[Value]) -> Size {
    features(input).times(Size::Known(2))
}

/// `BatchNorm<FEATURES, ..>`.
pub const fn sizes(input: &Shape, _: &[Value]) -> Sizes {
    Sizes::of(&[features(input)])
}

/// The channels of an image, which come first; of anything else the last axis.
const fn features(input: &Shape) -> Size {
    if input.rank() == 3 {
        input.dim(0)
    } else {
        input.last()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INPUT: Shape = Shape::numbers(&[Size::Known(3), Size::Known(4)]);
    const DEFAULTS: &[Value] = &[Value::Absent, Value::Absent];

    fn error(input: Shape, momentum: Value, epsilon: Value) -> String {
        output(&input, &[momentum, epsilon]).unwrap_err().as_str().to_string()
    }

    #[test]
    fn the_shape_stays_and_two_numbers_a_feature_are_learned() {
        const OUTPUT: Result<Shape, Text> = output(&INPUT, DEFAULTS);
        assert!(!OUTPUT.unwrap().differs(&INPUT));
        assert_eq!(count(&INPUT, DEFAULTS), Size::Known(8));
    }

    #[test]
    fn the_channels_of_an_image_are_its_features() {
        const IMAGE: Shape = Shape::numbers(&[Size::Known(3), Size::Unknown, Size::Known(5)]);
        const OUTPUT: Result<Shape, Text> = output(&IMAGE, DEFAULTS);
        assert!(!OUTPUT.unwrap().differs(&IMAGE));
        assert_eq!(count(&IMAGE, DEFAULTS), Size::Known(6));
        assert_eq!(sizes(&IMAGE, DEFAULTS).at(0), Size::Known(3));
    }

    #[test]
    fn four_axes_and_categories_are_refused() {
        let four = INPUT.push(Size::Known(5)).push(Size::Known(6));
        assert_eq!(
            error(four, Value::Absent, Value::Absent),
            "`BatchNorm` takes [features], [steps, features] or [channels, height, width], but \
             what flows in is [3, 4, 5, 6]; put `Flatten` before it"
        );
        let text = error(Shape::categories(&[]), Value::Absent, Value::Absent);
        assert!(text.starts_with("`BatchNorm` computes with numbers"), "{text}");
    }
}
