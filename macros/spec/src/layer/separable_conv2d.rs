//! `SeparableConv2D`: a kernel for each channel, then a mixture of what they give.

use super::{
    conv2d::{axes, images_only},
    Form, Layer, Sizes, Sliding,
};
use crate::{ArgumentKind, Parameter, Shape, Size, Text, Value};

/// The row of the table.
pub const LAYER: Layer = Layer {
    name: "SeparableConv2D",
    module: "separable_conv2d",
    doc: "`depth_multiplier` kernels for each channel, then activation(weights * what they give + bias).",
    parameters: &[
        Parameter::required("filters", ArgumentKind::Size),
        Parameter::required("kernel", ArgumentKind::Pair),
        Parameter::optional("activation", ArgumentKind::Activation),
        Parameter::optional("stride", ArgumentKind::Pair),
        Parameter::optional("padding", ArgumentKind::Padding),
        Parameter::optional("dilation", ArgumentKind::Pair),
        Parameter::optional("depth_multiplier", ArgumentKind::Size),
        Parameter::optional("bias", ArgumentKind::Flag),
    ],
    output,
    count,
    sizes,
    form: Form { holds_tensors: true, activation: true, slide: Some(slide), ..Form::STATELESS },
};

/// `[channels, height, width]` becomes `[filters, ..]`, a pixel for each place of the kernel.
pub const fn output(input: &Shape, arguments: &[Value]) -> Result<Shape, Text> {
    if let Some(text) = images_only("SeparableConv2D", input) {
        return Err(text);
    }
    let (sliding, axes) = (sliding(arguments), axes(input));
    if let Some(text) = sliding.check_kernel("SeparableConv2D", input, axes) {
        return Err(text);
    }
    let [height, width] = sliding.output(axes);
    Ok(Shape::numbers(&[arguments[0].size(), height, width]))
}

/// The kernels of the channels, what mixes them, and the bias where there is one.
pub const fn count(input: &Shape, arguments: &[Value]) -> Size {
    let ([height, width], inner) = (kernel(arguments), inner(input, arguments));
    let kernels = inner.times(height).times(width);
    kernels.plus(inner.times(arguments[0].size())).plus(biases(arguments))
}

/// `SeparableConv2D<MULTIPLIER, MULTIPLIER * CHANNELS, FILTERS, KERNEL_HEIGHT, KERNEL_WIDTH, BIASES,
/// HEIGHT, WIDTH, Slide<..>, ..>`.
pub const fn sizes(input: &Shape, arguments: &[Value]) -> Sizes {
    let [kernel_height, kernel_width] = kernel(arguments);
    let [height, width] = sliding(arguments).output(axes(input));
    Sizes::of(&[
        multiplier(arguments),
        inner(input, arguments),
        arguments[0].size(),
        kernel_height,
        kernel_width,
        biases(arguments),
        height,
        width,
    ])
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

/// How many channels there are between the two halves.
const fn inner(input: &Shape, arguments: &[Value]) -> Size {
    input.dim(0).times(multiplier(arguments))
}

const fn biases(arguments: &[Value]) -> Size {
    match arguments[7].flag_or(true) {
        true => arguments[0].size(),
        false => Size::Known(0),
    }
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
