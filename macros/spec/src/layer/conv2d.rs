//! `Conv2D`: a convolution over an image.

use super::{
    activation_flops, biases, layer, linear_flops, numbers_only, Form, Fusion, Sizes, Sliding,
};
use crate::{Activation, ArgumentKind, Doc, Onnx, Parameter, Range, Shape, Size, Text, Value};

layer! {
    "Conv2D", "conv2d";
    doc: Doc {
        computes: "`activation(kernel * x + bias)` with a kernel that slides over an image",
        shape: "`[channels, height, width]` to `[filters, height', width']`",
        keras: "`Conv2D`",
        torch: "`Conv2d`",
        also: &["Convolution2D", "LazyConv2d", "Conv"],
        onnx: Onnx::since(11, &["Conv"]),
    },
    parameters: &[
        Parameter::required("filters", ArgumentKind::Size),
        Parameter::required("kernel", ArgumentKind::Pair),
        Parameter::optional("activation", ArgumentKind::Activation).or("linear"),
        Parameter::optional("stride", ArgumentKind::Pair).or("1"),
        Parameter::optional("padding", ArgumentKind::Padding).or("valid"),
        Parameter::optional("dilation", ArgumentKind::Pair).or("1"),
        Parameter::optional("groups", ArgumentKind::Size).or("1"),
        Parameter::optional("bias", ArgumentKind::Flag).or("true"),
        Parameter::optional("l1", ArgumentKind::Number(Range::NonNegative)).or("0"),
        Parameter::optional("l2", ArgumentKind::Number(Range::NonNegative)).or("0"),
    ],
    form: Form {
        activation: true,
        slide: Some(slide),
        asks_origin: true,
        fusions: &[
            Fusion { next: &["MaxPool2D", "Flatten"], method: "try_forward_pooled_flat" },
            Fusion { next: &["MaxPool2D"], method: "try_forward_pooled" },
        ],
        ..Form::HOLDS_TENSORS
    },
    refuses: |name, input, arguments| refused(name, input, arguments),
    output: |input, arguments| {
        let [height, width] = sliding(arguments).output(axes(input));
        Shape::numbers(&[arguments[0].size(), height, width])
    },
    // The kernel, and the bias.
    count: |input, arguments| {
        let sizes = sizes(input, arguments);
        sizes.at(0).times(sizes.at(1)).times(sizes.at(2)).times(sizes.at(3)).plus(sizes.at(4))
    },
    flops: |input, arguments| {
        let [height, width] = sliding(arguments).output(axes(input));
        let (sizes, pixels) = (sizes(input, arguments), height.times(width));
        let window = sizes.at(0).times(sizes.at(2)).times(sizes.at(3));
        let numbers = pixels.times(sizes.at(1));
        let linear = linear_flops(window, sizes.at(1), sizes.at(4)).times(pixels);
        linear.plus(activation_flops(&arguments[2], Activation::Linear, numbers))
    },
    sizes: |input, arguments| {
        let [kernel_height, kernel_width] = kernel(arguments);
        let filters = arguments[0].size();
        let [height, width] = sliding(arguments).output(axes(input));
        let inputs = input.dim(0).over(groups(arguments));
        let biases = biases(filters, &arguments[7]);
        Sizes::of(&[inputs, filters, kernel_height, kernel_width, biases, height, width])
    },
}

const fn refused(name: &str, input: &Shape, arguments: &[Value]) -> Option<Text> {
    if let Some(text) = images_only(name, input) {
        return Some(text);
    }
    let (filters, groups) = (arguments[0].size(), groups(arguments));
    match check_groups(name, input, input.dim(0), filters, groups) {
        None => sliding(arguments).check_kernel(name, input, axes(input)),
        uneven => uneven,
    }
}

/// `Slide<..>`.
pub const fn slide(input: &Shape, arguments: &[Value]) -> Sizes {
    sliding(arguments).slide(axes(input))
}

const fn kernel(arguments: &[Value]) -> [Size; 2] {
    arguments[1].pair_or([Size::Unknown; 2])
}

const fn groups(arguments: &[Value]) -> Size {
    arguments[6].size_or(1)
}

const fn sliding(arguments: &[Value]) -> Sliding {
    let one = [Size::Known(1); 2];
    Sliding::image(
        kernel(arguments),
        arguments[3].pair_or(one),
        arguments[5].pair_or(one),
        arguments[4].padding(),
    )
}

/// Height and width.
pub(super) const fn axes(input: &Shape) -> [Size; 2] {
    [input.dim(1), input.dim(2)]
}

/// An error if the input of `layer` is not an image.
pub(super) const fn images_only(layer: &str, input: &Shape) -> Option<Text> {
    if let Some(text) = numbers_only(layer, input) {
        return Some(text);
    }
    if input.rank() == 3 {
        return None;
    }
    Some(
        Text::new("`")
            .str(layer)
            .str("` takes an image [channels, height, width], but what flows in is ")
            .shape(input)
            .str("; put `Reshape(channels, height, width)` before it"),
    )
}

/// An error if channels or filters are not divisible by `groups`.
pub(super) const fn check_groups(
    layer: &str,
    input: &Shape,
    channels: Size,
    filters: Size,
    groups: Size,
) -> Option<Text> {
    let text = Text::new("the ").number(groups.get()).str(" groups of `").str(layer);
    if channels.is_not_divided_by(groups) {
        return Some(
            text.str("` do not divide the ")
                .size(channels)
                .str(" channels of ")
                .shape(input)
                .str("; take a number of groups that divides both channels and filters"),
        );
    }
    if filters.is_not_divided_by(groups) {
        return Some(
            text.str("` do not divide its ")
                .size(filters)
                .str(" filters; take a number of groups that divides both channels and filters"),
        );
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Activation, Padding};

    const IMAGE: Shape = Shape::numbers(&[Size::Known(4), Size::Known(8), Size::Known(9)]);

    /// `Conv2D(filters, kernel)` followed by the named arguments.
    const fn arguments(filters: Size, kernel: [Size; 2]) -> [Value; 10] {
        let mut arguments = [Value::Absent; 10];
        arguments[0] = Value::Size(filters);
        arguments[1] = Value::Pair(kernel);
        arguments[2] = Value::Activation(Activation::Relu);
        arguments
    }

    const fn known(down: usize, across: usize) -> [Size; 2] {
        [Size::Known(down), Size::Known(across)]
    }

    const PLAIN: [Value; 10] = arguments(Size::Known(32), known(3, 5));

    /// The plain layer with another value for one parameter.
    const fn with(name: usize, value: Value) -> [Value; 10] {
        let mut arguments = PLAIN;
        arguments[name] = value;
        arguments
    }

    const fn pair(down: usize, across: usize) -> Value {
        Value::Pair(known(down, across))
    }

    const fn zeros(number: usize) -> Value {
        Value::Padding(Padding::Zeros(Size::Known(number)))
    }

    #[track_caller]
    fn assert_shape(arguments: &[Value], shape: &str) {
        let output = output(&IMAGE, arguments).unwrap();
        assert_eq!(Text::new("").shape(&output).as_str(), shape);
    }

    fn error(input: Shape, arguments: &[Value]) -> String {
        output(&input, arguments).unwrap_err().as_str().to_string()
    }

    #[test]
    fn every_argument_changes_the_shape_as_it_should() {
        const OUTPUT: Result<Shape, Text> = output(&IMAGE, &PLAIN);
        assert_eq!(Text::new("").shape(&OUTPUT.unwrap()).as_str(), "[32, 6, 5]");
        assert_shape(&with(3, pair(2, 1)), "[32, 3, 5]");
        assert_shape(&with(4, Value::Padding(Padding::Same)), "[32, 8, 9]");
        assert_shape(&with(4, zeros(1)), "[32, 8, 7]");
        assert_shape(&with(5, pair(2, 1)), "[32, 4, 5]");
        assert_shape(&arguments(Size::Unknown, known(1, 1)), "[?, 8, 9]");
        assert_shape(&arguments(Size::Known(2), [Size::Unknown, Size::Known(1)]), "[2, ?, 9]");
    }

    #[test]
    fn groups_and_bias_change_the_count() {
        const COUNT: Size = count(&IMAGE, &PLAIN);
        assert_eq!(COUNT, Size::Known(32 * 4 * 15 + 32));
        assert_eq!(count(&IMAGE, &with(6, Value::Size(Size::Known(4)))), Size::Known(32 * 15 + 32));
        assert_eq!(count(&IMAGE, &with(7, Value::Flag(false))), Size::Known(32 * 4 * 15));
    }

    #[test]
    fn a_kernel_larger_than_its_image_is_refused() {
        assert_eq!(
            error(IMAGE, &with(1, pair(9, 3))),
            "the kernel of `Conv2D` covers [9, 3], but what flows in is [4, 8, 9]; take a smaller \
             kernel or `padding = same`"
        );
        assert_eq!(
            error(IMAGE, &with(5, pair(1, 3))),
            "the kernel of `Conv2D` covers [3, 13], but what flows in is [4, 8, 9]; take a smaller \
             kernel or `padding = same`"
        );
        let mut padded = with(1, pair(11, 3));
        padded[4] = zeros(1);
        assert_eq!(
            error(IMAGE, &padded),
            "the kernel of `Conv2D` covers [11, 3], but what flows in is [4, 8, 9], padded to \
             [10, 11]; take a smaller kernel or `padding = same`"
        );
        padded[4] = Value::Padding(Padding::Same);
        assert!(output(&IMAGE, &padded).is_ok());
    }

    #[test]
    fn groups_that_divide_unevenly_are_refused() {
        assert_eq!(
            error(IMAGE, &with(6, Value::Size(Size::Known(3)))),
            "the 3 groups of `Conv2D` do not divide the 4 channels of [4, 8, 9]; take a number of \
             groups that divides both channels and filters"
        );
        let mut six = arguments(Size::Known(6), known(3, 3));
        six[6] = Value::Size(Size::Known(4));
        assert_eq!(
            error(IMAGE, &six),
            "the 4 groups of `Conv2D` do not divide its 6 filters; take a number of groups that \
             divides both channels and filters"
        );
    }

    #[test]
    fn vectors_and_categories_are_refused() {
        assert_eq!(
            error(Shape::numbers(&[Size::Known(12)]), &PLAIN),
            "`Conv2D` takes an image [channels, height, width], but what flows in is [12]; put \
             `Reshape(channels, height, width)` before it"
        );
        let text = error(Shape::categories(&[]), &PLAIN);
        assert!(text.starts_with("`Conv2D` computes with numbers"), "{text}");
    }
}
