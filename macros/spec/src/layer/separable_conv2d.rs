//! `SeparableConv2D`: a depthwise convolution followed by a pointwise one.

use super::{
    activation_flops, biases,
    conv2d::{axes, images_only},
    layer, linear_flops, Form, Sizes, Sliding,
};
use crate::{Activation, ArgumentKind, Doc, Onnx, Parameter, Shape, Size, Value};

layer! {
    "SeparableConv2D", "separable_conv2d";
    doc: Doc {
        computes: "`depth_multiplier` kernels for each channel, then a mixture of their outputs in each pixel",
        shape: "`[channels, height, width]` to `[filters, height', width']`",
        keras: "`SeparableConv2D`",
        torch: "two `Conv2d`",
        also: &["SeparableConvolution2D"],
        onnx: Onnx::since(11, &["Conv"]),
    },
    parameters: &[
        Parameter::required("filters", ArgumentKind::Size),
        Parameter::required("kernel", ArgumentKind::Pair),
        Parameter::optional("activation", ArgumentKind::Activation).or("linear"),
        Parameter::optional("stride", ArgumentKind::Pair).or("1"),
        Parameter::optional("padding", ArgumentKind::Padding).or("valid"),
        Parameter::optional("dilation", ArgumentKind::Pair).or("1"),
        Parameter::optional("depth_multiplier", ArgumentKind::Size).or("1"),
        Parameter::optional("bias", ArgumentKind::Flag).or("true"),
    ],
    form: Form { activation: true, slide: Some(slide), ..Form::HOLDS_TENSORS },
    refuses: |name, input, arguments| match images_only(name, input) {
        None => sliding(arguments).check_kernel(name, input, axes(input)),
        refused => refused,
    },
    output: |input, arguments| {
        let [height, width] = sliding(arguments).output(axes(input));
        Shape::numbers(&[arguments[0].size(), height, width])
    },
    // The depthwise kernels, the pointwise kernel, and the bias.
    count: |input, arguments| {
        let (filters, inner) = (arguments[0].size(), inner(input, arguments));
        let [height, width] = kernel(arguments);
        let kernels = inner.times(height).times(width);
        kernels.plus(inner.times(filters)).plus(biases(filters, &arguments[7]))
    },
    flops: |input, arguments| {
        let ([down, across], inner) = (kernel(arguments), inner(input, arguments));
        let (filters, [height, width]) = (arguments[0].size(), sliding(arguments).output(axes(input)));
        // The depthwise kernels, then the pointwise one with the bias, in each pixel.
        let depthwise = linear_flops(down.times(across), inner, Size::Known(0));
        let pointwise = linear_flops(inner, filters, biases(filters, &arguments[7]));
        let activated = activation_flops(&arguments[2], Activation::Linear, filters);
        depthwise.plus(pointwise).plus(activated).times(height.times(width))
    },
    sizes: |input, arguments| {
        let (filters, inner) = (arguments[0].size(), inner(input, arguments));
        let ([down, across], biases) = (kernel(arguments), biases(filters, &arguments[7]));
        let [height, width] = sliding(arguments).output(axes(input));
        Sizes::of(&[multiplier(arguments), inner, filters, down, across, biases, height, width])
    },
}

/// `Slide<..>`.
pub const fn slide(input: &Shape, arguments: &[Value]) -> Sizes {
    sliding(arguments).slide(axes(input))
}

const fn kernel(arguments: &[Value]) -> [Size; 2] {
    arguments[1].pair_or([Size::Unknown; 2])
}

const fn multiplier(arguments: &[Value]) -> Size {
    arguments[6].size_or(1)
}

/// The number of channels between the depthwise and the pointwise convolution.
const fn inner(input: &Shape, arguments: &[Value]) -> Size {
    input.dim(0).times(multiplier(arguments))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Text;

    const IMAGE: Shape = Shape::numbers(&[Size::Known(3), Size::Known(8), Size::Known(9)]);
    const ARGUMENTS: &[Value] = &[
        Value::Size(Size::Known(16)),
        Value::Pair([Size::Known(3), Size::Known(2)]),
        Value::Absent,
        Value::Absent,
        Value::Absent,
        Value::Absent,
        Value::Size(Size::Known(2)),
        Value::Absent,
    ];

    #[test]
    fn shapes_and_counts_are_those_of_keras() {
        const OUTPUT: Result<Shape, Text> = output(&IMAGE, ARGUMENTS);
        assert_eq!(Text::new("").shape(&OUTPUT.unwrap()).as_str(), "[16, 6, 8]");
        assert_eq!(count(&IMAGE, ARGUMENTS), Size::Known(3 * 2 * 6 + 6 * 16 + 16));
        let sizes = sizes(&IMAGE, ARGUMENTS);
        let sizes: Vec<usize> = (0..sizes.len()).map(|i| sizes.at(i).get()).collect();
        assert_eq!(sizes, [2, 6, 16, 3, 2, 16, 6, 8]);
    }

    #[test]
    fn what_is_no_image_or_too_small_is_refused() {
        let text = output(&Shape::numbers(&[Size::Known(3)]), ARGUMENTS).unwrap_err();
        assert!(text.as_str().starts_with("`SeparableConv2D` takes an image"), "{text:?}");
        let small = Shape::numbers(&[Size::Known(3), Size::Known(2), Size::Known(9)]);
        let text = output(&small, ARGUMENTS).unwrap_err();
        assert!(text.as_str().starts_with("the kernel of `SeparableConv2D`"), "{text:?}");
    }
}
