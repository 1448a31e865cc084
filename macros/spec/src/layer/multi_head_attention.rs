//! `MultiHeadAttention`: self-attention over the steps.

use super::{layer, linear_flops, recurrent, Sizes};
use crate::{ArgumentKind, Doc, Onnx, Parameter, Shape, Size, Value};

layer! {
    "MultiHeadAttention", "multi_head_attention";
    doc: Doc {
        computes: "self-attention: softmax(q k^T / sqrt(key_dim)) v in each of the `heads`, then a linear layer; `causal` hides later steps",
        shape: "`[steps, a]`, unchanged",
        keras: "`MultiHeadAttention` of a sequence with itself",
        torch: "`MultiheadAttention`",
        also: &["SelfAttention", "Attention", "MHA"],
        onnx: Onnx::since(16, &["MatMul", "Transpose", "Add", "Reshape", "Mul", "Softmax", "And", "Where"]),
    },
    parameters: &[
        Parameter::required("heads", ArgumentKind::Size),
        Parameter::required("key_dim", ArgumentKind::Size),
        recurrent::DROPOUT,
        Parameter::optional("causal", ArgumentKind::Flag).or("false"),
    ],
    form: recurrent::FORM,
    refuses: |name, input, _| recurrent::sequences_only(name, input),
    output: |input, _| *input,
    // Queries, keys, values and the output, each with a bias.
    count: |input, arguments| {
        let (features, width) = (input.last(), width(arguments));
        let into = features.plus(Size::Known(1)).times(width).times(Size::Known(3));
        into.plus(width.plus(Size::Known(1)).times(features))
    },
    // The projections, the scores, the weighted sums, and the output.
    flops: |input, arguments| {
        let (steps, features, width) = (input.dim(0), input.last(), width(arguments));
        let into = linear_flops(features, width, width).times(Size::Known(3));
        let out = linear_flops(width, features, features);
        // Each score is scaled and normalised.
        let scored = attention_weights(input, arguments).times(Size::Known(2));
        let summed = linear_flops(steps, width, Size::Known(0)).times(Size::Known(2));
        into.plus(summed).plus(out).times(steps).plus(scored)
    },
    // Queries, keys, values, the sums of all heads, and the attention weights.
    held: |input, arguments| {
        let projected = input.dim(0).times(width(arguments)).times(Size::Known(4));
        projected.plus(attention_weights(input, arguments))
    },
    sizes: |input, arguments| {
        let (heads, key_dim) = (arguments[0].size(), arguments[1].size());
        let causal = recurrent::flag(&arguments[3]);
        Sizes::of(&[input.last(), heads, key_dim, width(arguments), causal])
    },
}

/// `[heads, steps, steps]`.
const fn attention_weights(input: &Shape, arguments: &[Value]) -> Size {
    arguments[0].size().times(input.dim(0)).times(input.dim(0))
}

/// The total width of all heads.
pub(super) const fn width(arguments: &[Value]) -> Size {
    arguments[0].size().times(arguments[1].size())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Shape, Text};

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
