//! `Dense`: a fully connected layer.

use super::{
    activation_flops, biases, layer, linear_flops, vectors, vectors_only, Form, MergeFusion, Sizes,
};
use crate::{Activation, ArgumentKind, Doc, MaskRule, Onnx, Parameter, Range, Shape, Size, Value};

layer! {
    "Dense", "dense";
    doc: Doc {
        computes: "`activation(x W^T + b)` along the last axis",
        shape: "`[a]` to `[units]`, `[steps, a]` to `[steps, units]`",
        keras: "`Dense`",
        torch: "`Linear`",
        also: &["Linear", "LazyLinear", "FullyConnected", "fc", "Affine", "InnerProduct"],
        onnx: Onnx::since(14, &["Gemm", "MatMul", "Transpose", "Add"]),
    },
    parameters: &[
        Parameter::required("units", ArgumentKind::Size),
        Parameter::optional("activation", ArgumentKind::Activation).or("linear"),
        Parameter::optional("l1", ArgumentKind::Number(Range::NonNegative)).or("0"),
        Parameter::optional("l2", ArgumentKind::Number(Range::NonNegative)).or("0"),
        Parameter::optional("bias", ArgumentKind::Flag).or("true"),
        Parameter::optional("init", ArgumentKind::Word(INITIALIZERS)).or("glorot_uniform"),
    ],
    form: Form {
        activation: true,
        extra: Some(extra),
        asks_origin: true,
        merge: Some(MergeFusion { merge: "concat", method: "try_forward_concat" }),
        mask: MaskRule::Keeps,
        ..Form::HOLDS_TENSORS
    },
    refuses: |name, input, _| vectors_only(name, input),
    output: |input, arguments| input.with(input.rank() - 1, arguments[0].size()),
    count: |input, arguments| {
        let units = arguments[0].size();
        numbers(input.last(), units, biases(units, &arguments[4]))
    },
    flops: |input, arguments| {
        let (units, vectors) = (arguments[0].size(), vectors(input));
        let linear = linear_flops(input.last(), units, biases(units, &arguments[4]));
        let numbers = vectors.times(units);
        linear.times(vectors).plus(activation_flops(&arguments[1], Activation::Linear, numbers))
    },
    sizes: |input, arguments| Sizes::of(&[input.last(), arguments[0].size()]),
}

/// The initialisers of weights. The index is a const argument.
pub const INITIALIZERS: &[&str] = &[
    "glorot_uniform",
    "glorot_normal",
    "he_uniform",
    "he_normal",
    "lecun_uniform",
    "lecun_normal",
    "orthogonal",
    "zeros",
];

/// The index of an initialiser.
pub const fn initializer(name: &'static str) -> usize {
    Value::Word(name).index_among(INITIALIZERS)
}

/// `Dense<.., BIASES, INITIALIZER>`, if either is given.
pub const fn extra(_: &Shape, arguments: &[Value]) -> Sizes {
    let (bias, init) = (&arguments[4], &arguments[5]);
    if bias.is_absent() && init.is_absent() {
        return Sizes::of(&[]);
    }
    let index = Size::Known(init.index_among(INITIALIZERS));
    Sizes::of(&[biases(arguments[0].size(), bias), index])
}

/// The number of elements of the kernel and the bias.
pub(super) const fn numbers(inputs: Size, units: Size, biases: Size) -> Size {
    inputs.times(units).plus(biases)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Text;

    const UNITS: &[Value] = &with(Value::Absent, Value::Absent);

    /// `Dense(64, bias = .., init = ..)`.
    const fn with(bias: Value, init: Value) -> [Value; 6] {
        let units = Value::Size(Size::Known(64));
        [units, Value::Absent, Value::Absent, Value::Absent, bias, init]
    }

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
    fn bias_and_initialiser_are_arguments_of_the_type_where_they_are_given() {
        let input = Shape::numbers(&[Size::Known(10)]);
        assert_eq!(extra(&input, UNITS).len(), 0);
        let without = with(Value::Flag(false), Value::Absent);
        assert_eq!(count(&input, &without), Size::Known(640));
        let (found, he) = (extra(&input, &without), with(Value::Absent, Value::Word("he_normal")));
        assert_eq!([found.at(0), found.at(1)], [Size::Known(0); 2]);
        let found = extra(&input, &he);
        assert_eq!([found.at(0), found.at(1)], [Size::Known(64), Size::Known(3)]);
        assert_eq!(initializer("zeros"), 7);
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
