//! `MultiHeadAttention`: every step looks at all steps.

use super::{recurrent, Form, Layer, Sizes};
use crate::{ArgumentKind, MaskRule, Parameter, Range, Shape, Size, Text, Value};

/// The row of the table.
pub const LAYER: Layer = Layer {
    name: "MultiHeadAttention",
    module: "multi_head_attention",
    doc: "Self-attention: every step becomes a mixture of all, weighed in `heads` ways.",
    parameters: &[
        Parameter::required("heads", ArgumentKind::Size),
        Parameter::required("key_dim", ArgumentKind::Size),
        Parameter::optional("dropout", ArgumentKind::Number(Range::Fraction)),
        Parameter::optional("causal", ArgumentKind::Flag),
    ],
    output,
    count,
    sizes,
    form: Form {
        holds_tensors: true,
        trains_differently: true,
        random: true,
        mask: MaskRule::Reads,
        settings: &["dropout"],
        ..Form::STATELESS
    },
};

/// The input's shape.
pub const fn output(input: &Shape, _: &[Value]) -> Result<Shape, Text> {
    if let Some(text) = recurrent::sequences_only("MultiHeadAttention", input) {
        return Err(text);
    }
    Ok(*input)
}

/// Queries, keys, values and the output, each with a bias.
pub const fn count(input: &Shape, arguments: &[Value]) -> Size {
    let (features, width) = (input.last(), width(arguments));
    let into = features.plus(Size::Known(1)).times(width).times(Size::Known(3));
    into.plus(width.plus(Size::Known(1)).times(features))
}

/// `MultiHeadAttention<FEATURES, HEADS, KEY_DIM, HEADS * KEY_DIM, CAUSAL, ..>`.
pub const fn sizes(input: &Shape, arguments: &[Value]) -> Sizes {
    Sizes::of(&[
        input.last(),
        arguments[0].size(),
        arguments[1].size(),
        width(arguments),
        recurrent::flag(&arguments[3]),
    ])
}

const fn width(arguments: &[Value]) -> Size {
    arguments[0].size().times(arguments[1].size())
}

#[cfg(test)]
mod tests {
    use super::*;

    const INPUT: Shape = Shape::numbers(&[Size::Known(7), Size::Known(5)]);
    const ARGUMENTS: &[Value] = &[
        Value::Size(Size::Known(2)),
        Value::Size(Size::Known(3)),
        Value::Absent,
        Value::Flag(true),
    ];

    #[test]
    fn the_shape_stays_and_four_products_are_learned() {
        const OUTPUT: Result<Shape, Text> = output(&INPUT, ARGUMENTS);
        assert!(!OUTPUT.unwrap().differs(&INPUT));
        assert_eq!(count(&INPUT, ARGUMENTS), Size::Known(3 * (5 * 6 + 6) + 6 * 5 + 5));
        let sizes = sizes(&INPUT, ARGUMENTS);
        let sizes: Vec<usize> = (0..sizes.len()).map(|i| sizes.at(i).get()).collect();
        assert_eq!(sizes, [5, 2, 3, 6, 1]);
    }

    #[test]
    fn what_is_no_sequence_is_refused() {
        let text = output(&Shape::numbers(&[Size::Known(7)]), ARGUMENTS).unwrap_err();
        assert!(text.as_str().starts_with("`MultiHeadAttention` reads a sequence"), "{text:?}");
    }
}
