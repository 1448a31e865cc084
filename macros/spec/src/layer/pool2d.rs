//! Common parts of pooling layers over images; the shapes do not depend on the pooling function.

use super::{
    conv2d::{axes, images_only},
    Sizes, Sliding,
};
use crate::{ArgumentKind, Parameter, Shape, Size, Text, Value};

/// The parameters.
pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter::required("pool", ArgumentKind::Pair),
    Parameter::optional("stride", ArgumentKind::Pair).or("pool"),
    Parameter::optional("padding", ArgumentKind::Padding).or("valid"),
];

/// Declares a pooling layer by its name, its module and its documentation.
macro_rules! pool {
    ($name:literal, $module:literal; doc: $doc:expr $(,)?) => {
        $crate::layer::layer! {
            $name, $module;
            doc: $doc,
            parameters: $crate::layer::pool2d::PARAMETERS,
            form: $crate::layer::Form { slide: Some(slide), ..$crate::layer::Form::STATELESS },
            refuses: |name, input, arguments| $crate::layer::pool2d::refused(name, input, arguments),
            output: |input, arguments| $crate::layer::pool2d::output(input, arguments),
            flops: |input, arguments| $crate::layer::pool2d::flops(input, arguments),
            sizes: |input, arguments| $crate::layer::pool2d::sizes(input, arguments),
        }

        pub use $crate::layer::pool2d::slide;
    };
}
pub(super) use pool;

/// An error for invalid arguments of the pooling layer `name`.
pub(super) const fn refused(name: &str, input: &Shape, arguments: &[Value]) -> Option<Text> {
    match images_only(name, input) {
        None => window(arguments).check_pool(name, input, axes(input)),
        refused => refused,
    }
}

/// `[channels, height, width]` to `[channels, ..]`, one pixel per window position.
pub(super) const fn output(input: &Shape, arguments: &[Value]) -> Shape {
    let [height, width] = window(arguments).output(axes(input));
    Shape::numbers(&[input.dim(0), height, width])
}

/// One operation for each number of each window, its padding included.
pub(super) const fn flops(input: &Shape, arguments: &[Value]) -> Size {
    let [height, width] = arguments[0].pair_or([Size::Unknown; 2]);
    output(input, arguments).elements().times(height).times(width)
}

/// `NAME<POOL_HEIGHT, POOL_WIDTH, HEIGHT, WIDTH, Slide<..>>`, where `NAME` is `MaxPool2D` or
/// `AvgPool2D`.
pub(super) const fn sizes(input: &Shape, arguments: &[Value]) -> Sizes {
    let [pool_height, pool_width] = arguments[0].pair_or([Size::Unknown; 2]);
    let [height, width] = window(arguments).output(axes(input));
    Sizes::of(&[pool_height, pool_width, height, width])
}

/// `Slide<..>`.
pub const fn slide(input: &Shape, arguments: &[Value]) -> Sizes {
    window(arguments).slide(axes(input))
}

/// The window; its stride is its size by default.
const fn window(arguments: &[Value]) -> Sliding {
    let pool = arguments[0].pair_or([Size::Unknown; 2]);
    let stride = arguments[1].pair_or(pool);
    Sliding::image(pool, stride, [Size::Known(1); 2], arguments[2].padding())
}

#[cfg(test)]
mod tests {
    use super::{super::max_pool2d, *};
    use crate::Padding;

    const IMAGE: Shape = Shape::numbers(&[Size::Known(4), Size::Known(5), Size::Known(9)]);

    const fn pair(down: usize, across: usize) -> Value {
        Value::Pair([Size::Known(down), Size::Known(across)])
    }

    const fn zeros(number: usize) -> Value {
        Value::Padding(Padding::Zeros(Size::Known(number)))
    }

    fn shown(input: Shape, arguments: [Value; 3]) -> String {
        match max_pool2d::output(&input, &arguments) {
            Ok(shape) => Text::new("").shape(&shape).as_str().to_string(),
            Err(text) => text.as_str().to_string(),
        }
    }

    #[test]
    fn a_window_moves_by_its_size_unless_told_otherwise() {
        const OUTPUT: Result<Shape, Text> =
            max_pool2d::output(&IMAGE, &[pair(2, 2), Value::Absent, Value::Absent]);
        assert_eq!(Text::new("").shape(&OUTPUT.unwrap()).as_str(), "[4, 2, 4]");
        assert_eq!(shown(IMAGE, [pair(2, 3), pair(1, 2), Value::Absent]), "[4, 4, 4]");
        let same = Value::Padding(Padding::Same);
        assert_eq!(shown(IMAGE, [pair(2, 2), Value::Absent, same]), "[4, 3, 5]");
        assert_eq!(shown(IMAGE, [pair(2, 2), Value::Absent, zeros(1)]), "[4, 3, 5]");
        let unknown = Value::Pair([Size::Unknown; 2]);
        assert_eq!(shown(IMAGE, [unknown, Value::Absent, Value::Absent]), "[4, ?, ?]");
    }

    #[test]
    fn a_pooling_that_leaves_nothing_is_refused() {
        assert_eq!(
            shown(IMAGE, [pair(6, 2), Value::Absent, Value::Absent]),
            "the pool of `MaxPool2D` covers [6, 2], but what flows in is [4, 5, 9], so nothing is \
             left; take a smaller pool or `padding = same`"
        );
        assert_eq!(
            shown(IMAGE, [pair(2, 2), Value::Absent, zeros(2)]),
            "the padding of `MaxPool2D` is 2, but its pool covers [2, 2]; pad less than the pool, so \
             that it always holds a number"
        );
    }

    #[test]
    fn vectors_and_categories_are_refused() {
        let arguments = [pair(2, 2), Value::Absent, Value::Absent];
        assert_eq!(
            shown(Shape::numbers(&[Size::Known(12)]), arguments),
            "`MaxPool2D` takes an image [channels, height, width], but what flows in is [12]; put \
             `Reshape(channels, height, width)` before it"
        );
        let text = shown(Shape::categories(&[]), arguments);
        assert!(text.starts_with("`MaxPool2D` computes with numbers"), "{text}");
    }
}
