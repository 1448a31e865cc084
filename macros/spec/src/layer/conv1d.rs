//! `Conv1D`: a convolution over the steps of a sequence.

use super::{
    activation_flops, biases, conv2d::check_groups, layer, linear_flops, numbers_only, Form, Sizes,
    Sliding,
};
use crate::{Activation, ArgumentKind, Doc, Onnx, Parameter, Range, Shape, Size, Text, Value};

layer! {
    "Conv1D", "conv1d";
    doc: Doc {
        computes: "`activation(kernel * x + bias)` with a kernel that slides over the steps",
        shape: "`[steps, a]` to `[steps', filters]`",
        keras: "`Conv1D`",
        torch: "`Conv1d` (channels first)",
        also: &["Convolution1D", "LazyConv1d"],
        onnx: Onnx::since(13, &["Transpose", "Conv"]),
    },
    parameters: &[
        Parameter::required("filters", ArgumentKind::Size),
        Parameter::required("kernel", ArgumentKind::Size),
        Parameter::optional("activation", ArgumentKind::Activation).or("linear"),
        Parameter::optional("stride", ArgumentKind::Size).or("1"),
        Parameter::optional("padding", ArgumentKind::Padding).or("valid"),
        Parameter::optional("dilation", ArgumentKind::Size).or("1"),
        Parameter::optional("groups", ArgumentKind::Size).or("1"),
        Parameter::optional("bias", ArgumentKind::Flag).or("true"),
        Parameter::optional("l1", ArgumentKind::Number(Range::NonNegative)).or("0"),
        Parameter::optional("l2", ArgumentKind::Number(Range::NonNegative)).or("0"),
    ],
    form: Form { activation: true, slide: Some(slide), asks_origin: true, ..Form::HOLDS_TENSORS },
    refuses: |name, input, arguments| refused(name, input, arguments),
    output: |input, arguments| {
        Shape::numbers(&[sliding(arguments).output(steps(input))[1], arguments[0].size()])
    },
    // The kernel, and the bias.
    count: |input, arguments| {
        let sizes = sizes(input, arguments);
        sizes.at(0).times(sizes.at(1)).times(sizes.at(2)).plus(sizes.at(3))
    },
    flops: |input, arguments| {
        let sizes = sizes(input, arguments);
        let (window, filters, positions) =
            (sizes.at(0).times(sizes.at(2)), sizes.at(1), sizes.at(4));
        let activated = activation_flops(&arguments[2], Activation::Linear, filters);
        linear_flops(window, filters, sizes.at(3)).plus(activated).times(positions)
    },
    sizes: |input, arguments| {
        let filters = arguments[0].size();
        let inputs = input.dim(1).over(groups(arguments));
        let positions = sliding(arguments).output(steps(input))[1];
        let biases = biases(filters, &arguments[7]);
        Sizes::of(&[inputs, filters, arguments[1].size(), biases, positions])
    },
}

const fn refused(name: &str, input: &Shape, arguments: &[Value]) -> Option<Text> {
    if let Some(text) = sequences_only(name, input) {
        return Some(text);
    }
    let (filters, groups) = (arguments[0].size(), groups(arguments));
    match check_groups(name, input, input.dim(1), filters, groups) {
        None => sliding(arguments).check_kernel(name, input, steps(input)),
        uneven => uneven,
    }
}

/// `Slide<..>`.
pub const fn slide(input: &Shape, arguments: &[Value]) -> Sizes {
    sliding(arguments).slide(steps(input))
}

const fn groups(arguments: &[Value]) -> Size {
    arguments[6].size_or(1)
}

const fn sliding(arguments: &[Value]) -> Sliding {
    Sliding::steps(
        arguments[1].size(),
        arguments[3].size_or(1),
        arguments[5].size_or(1),
        arguments[4].padding(),
    )
}

/// The steps, as an image with one row.
pub(super) const fn steps(input: &Shape) -> [Size; 2] {
    [Size::Known(1), input.dim(0)]
}

/// An error if the input of `layer` is not a sequence.
pub(super) const fn sequences_only(layer: &str, input: &Shape) -> Option<Text> {
    if let Some(text) = numbers_only(layer, input) {
        return Some(text);
    }
    if input.rank() == 2 {
        return None;
    }
    Some(
        Text::new("`")
            .str(layer)
            .str("` takes a sequence [steps, features], but what flows in is ")
            .shape(input)
            .str("; put `Reshape(steps, features)` before it"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Padding;

    const STEPS: Shape = Shape::numbers(&[Size::Known(9), Size::Known(4)]);

    const fn size(number: usize) -> Value {
        Value::Size(Size::Known(number))
    }

    /// `Conv1D(6, 3)` with another value for one parameter.
    const fn with(name: usize, value: Value) -> [Value; 10] {
        let mut arguments = [Value::Absent; 10];
        arguments[0] = size(6);
        arguments[1] = size(3);
        arguments[name] = value;
        arguments
    }

    fn shown(input: Shape, arguments: [Value; 10]) -> String {
        match output(&input, &arguments) {
            Ok(shape) => Text::new("").shape(&shape).as_str().to_string(),
            Err(text) => text.as_str().to_string(),
        }
    }

    #[test]
    fn every_argument_changes_the_shape_as_it_should() {
        const OUTPUT: Result<Shape, Text> = output(&STEPS, &with(1, size(3)));
        assert_eq!(Text::new("").shape(&OUTPUT.unwrap()).as_str(), "[7, 6]");
        assert_eq!(shown(STEPS, with(3, size(2))), "[4, 6]");
        assert_eq!(shown(STEPS, with(4, Value::Padding(Padding::Same))), "[9, 6]");
        assert_eq!(
            shown(STEPS, with(4, Value::Padding(Padding::Zeros(Size::Known(2))))),
            "[11, 6]"
        );
        assert_eq!(shown(STEPS, with(5, size(3))), "[3, 6]");
        assert_eq!(shown(STEPS, with(1, Value::Size(Size::Unknown))), "[?, 6]");
        assert_eq!(count(&STEPS, &with(6, size(2))), Size::Known(6 * 2 * 3 + 6));
        assert_eq!(count(&STEPS, &with(7, Value::Flag(false))), Size::Known(6 * 4 * 3));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(
            shown(STEPS, with(5, size(5))),
            "the kernel of `Conv1D` covers [11], but what flows in is [9, 4]; take a smaller \
             kernel or `padding = same`"
        );
        assert_eq!(
            shown(STEPS, with(6, size(3))),
            "the 3 groups of `Conv1D` do not divide the 4 channels of [9, 4]; take a number of \
             groups that divides both channels and filters"
        );
        assert_eq!(
            shown(STEPS.push(Size::Known(5)), with(1, size(3))),
            "`Conv1D` takes a sequence [steps, features], but what flows in is [9, 4, 5]; put \
             `Reshape(steps, features)` before it"
        );
    }
}
