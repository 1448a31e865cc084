//! `TransformerBlock`: self-attention and a feed-forward network, each with a residual connection
//! and layer normalisation.

use super::{
    activation_flops, dense, layer, layer_norm, linear_flops, multi_head_attention, recurrent,
    Form, Sizes,
};
use crate::{Activation, ArgumentKind, Doc, Onnx, Parameter, Size};

layer! {
    "TransformerBlock", "transformer_block";
    doc: Doc {
        computes: "self-attention, then two `Dense` (`feed_forward` units, then back) on each step; after each of the two, the input is added and a `LayerNorm` follows",
        shape: "`[steps, a]`, unchanged",
        keras: "the block of the Keras example \"Text classification with Transformer\"",
        torch: "`TransformerEncoderLayer`",
        also: &["TransformerEncoder", "TransformerEncoderBlock", "Transformer"],
        onnx: Onnx::since(17, &["MatMul", "Transpose", "Add", "Reshape", "Mul", "Softmax", "And", "Where", "LayerNormalization"]),
    },
    parameters: &[
        Parameter::required("heads", ArgumentKind::Size),
        Parameter::required("key_dim", ArgumentKind::Size),
        Parameter::required("feed_forward", ArgumentKind::Size),
        Parameter::optional("activation", ArgumentKind::Activation).or("relu"),
        recurrent::DROPOUT,
        Parameter::optional("causal", ArgumentKind::Flag).or("false"),
    ],
    form: Form {
        activation: true,
        inner_activation: true,
        default_activation: Activation::Relu,
        ..recurrent::FORM
    },
    refuses: |name, input, _| recurrent::sequences_only(name, input),
    output: |input, _| *input,
    // The attention, the two `Dense` and the two `LayerNorm`.
    count: |input, arguments| {
        let attention = multi_head_attention::count(input, arguments);
        let (features, hidden) = (input.last(), arguments[2].size());
        let expand = dense::numbers(features, hidden, hidden);
        let contract = dense::numbers(hidden, features, features);
        let norms = layer_norm::count(input, &[]).times(Size::Known(2));
        attention.plus(expand).plus(contract).plus(norms)
    },
    flops: |input, arguments| {
        let attention = multi_head_attention::flops(input, arguments);
        let (steps, features, hidden) = (input.dim(0), input.last(), arguments[2].size());
        let expand = linear_flops(features, hidden, hidden);
        let contract = linear_flops(hidden, features, features);
        let activated = activation_flops(&arguments[3], Activation::Relu, hidden);
        let dense = expand.plus(activated).plus(contract).times(steps);
        // Two sums with the input, two `LayerNorm`.
        let each = Size::Known(1).plus(layer_norm::FLOPS).times(Size::Known(2));
        attention.plus(dense).plus(input.elements().times(each))
    },
    held: |input, arguments| {
        let hidden = input.dim(0).times(arguments[2].size());
        multi_head_attention::held(input, arguments).plus(hidden).plus(input.elements())
    },
    sizes: |input, arguments| {
        let (heads, key_dim) = (arguments[0].size(), arguments[1].size());
        let width = multi_head_attention::width(arguments);
        let causal = recurrent::flag(&arguments[5]);
        Sizes::of(&[input.last(), heads, key_dim, width, arguments[2].size(), causal])
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Shape, Text, Value};

    const INPUT: Shape = Shape::numbers(&[Size::Known(7), Size::Known(32)]);
    const ARGUMENTS: &[Value] = &[
        Value::Size(Size::Known(2)),
        Value::Size(Size::Known(32)),
        Value::Size(Size::Known(64)),
        Value::Absent,
        Value::Number(0.1),
        Value::Absent,
    ];

    #[test]
    fn the_shape_stays_and_parameters_are_counted_as_keras_counts() {
        const OUTPUT: Result<Shape, Text> = output(&INPUT, ARGUMENTS);
        assert!(!OUTPUT.unwrap().differs(&INPUT));
        // The block in Keras's text classification example.
        assert_eq!(count(&INPUT, ARGUMENTS), Size::Known(8_416 + 2_112 + 2_080 + 128));
        assert_eq!(sizes(&INPUT, ARGUMENTS).at(3), Size::Known(64));
    }

    #[test]
    fn a_vector_is_refused() {
        let text = output(&Shape::numbers(&[Size::Known(7)]), ARGUMENTS).unwrap_err();
        assert!(text.as_str().starts_with("`TransformerBlock` reads a sequence"), "{text:?}");
    }
}
