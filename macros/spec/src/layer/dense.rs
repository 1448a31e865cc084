//! `Dense`: every output is a weighted sum of all inputs.

use super::{numbers_only, Form, Layer, MergeFusion, Sizes};
use crate::{ArgumentKind, MaskRule, Parameter, Range, Shape, Size, Text, Value};

/// The row of the table.
pub const LAYER: Layer = Layer {
    name: "Dense",
    module: "dense",
    doc: "y = activation(x W^T + b) along the last axis.",
    parameters: &[
        Parameter::required("units", ArgumentKind::Size),
        Parameter::optional("activation", ArgumentKind::Activation),
        Parameter::optional("l1", ArgumentKind::Number(Range::NonNegative)),
        Parameter::optional("l2", ArgumentKind::Number(Range::NonNegative)),
    ],
    output,
    count,
    sizes,
    form: Form {
        holds_tensors: true,
        activation: true,
        asks_origin: true,
        merge: Some(MergeFusion { merge: "concat", method: "try_forward_concat" }),
        mask: MaskRule::Keeps,
        ..Form::STATELESS
    },
};

/// The last dimension becomes `units`.
pub const fn output(input: &Shape, arguments: &[Value]) -> Result<Shape, Text> {
    if let Some(text) = numbers_only("Dense", input) {
        return Err(text);
    }
    if input.rank() == 0 || input.rank() > 2 {
        return Err(Text::new(
            "`Dense` takes [features] or [steps, features], but what flows in is ",
        )
        .shape(input)
        .str("; put `Flatten` before it"));
    }
    Ok(input.with(input.rank() - 1, arguments[0].size()))
}

/// The kernel and the bias.
pub const fn count(input: &Shape, arguments: &[Value]) -> Size {
    let units = arguments[0].size();
    input.last().times(units).plus(units)
}

/// `Dense<INPUTS, UNITS, ..>`.
pub const fn sizes(input: &Shape, arguments: &[Value]) -> Sizes {
    Sizes::of(&[input.last(), arguments[0].size()])
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNITS: &[Value] =
        &[Value::Size(Size::Known(64)), Value::Absent, Value::Absent, Value::Absent];

    fn shown(input: Shape) -> String {
        match output(&input, UNITS) {
            Ok(shape) => Text::new("").shape(&shape).as_str().to_string(),
            Err(text) => text.as_str().to_string(),
        }
    }

    #[test]
    fn the_last_size_becomes_the_units() {
        const INPUT: Shape = Shape::numbers(&[Size::Known(5), Size::Known(10)]);
        const OUTPUT: Result<Shape, Text> = output(&INPUT, UNITS);
        assert_eq!(Text::new("").shape(&OUTPUT.unwrap()).as_str(), "[5, 64]");
        assert_eq!(shown(Shape::numbers(&[Size::Unknown])), "[64]");
        assert_eq!(count(&INPUT, UNITS), Size::Known(10 * 64 + 64));
    }

    #[test]
    fn images_and_categories_are_refused() {
        let image = Shape::numbers(&[Size::Known(3), Size::Known(8), Size::Known(8)]);
        assert_eq!(
            shown(image),
            "`Dense` takes [features] or [steps, features], but what flows in is [3, 8, 8]; put \
             `Flatten` before it"
        );
        assert_eq!(
            shown(Shape::categories(&[])),
            "`Dense` computes with numbers, but what flows in is one category; put \
             `Embedding(categories, width)` before it"
        );
    }
}
