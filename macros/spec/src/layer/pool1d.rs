//! Common parts of pooling layers over sequences; the shapes do not depend on the pooling function.

use super::{
    conv1d::{sequences_only, steps},
    Sizes, Sliding,
};
use crate::{ArgumentKind, Parameter, Shape, Size, Text, Value};

/// The parameters.
pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter::required("pool", ArgumentKind::Size),
    Parameter::optional("stride", ArgumentKind::Size).or("pool"),
    Parameter::optional("padding", ArgumentKind::Padding).or("valid"),
];

/// Declares a pooling layer by its name, its module and its documentation.
macro_rules! pool {
    ($name:literal, $module:literal; doc: $doc:expr $(,)?) => {
        $crate::layer::layer! {
            $name, $module;
            doc: $doc,
            parameters: $crate::layer::pool1d::PARAMETERS,
            form: $crate::layer::Form { slide: Some(slide), ..$crate::layer::Form::STATELESS },
            refuses: |name, input, arguments| $crate::layer::pool1d::refused(name, input, arguments),
            output: |input, arguments| $crate::layer::pool1d::output(input, arguments),
            flops: |input, arguments| $crate::layer::pool1d::flops(input, arguments),
            sizes: |input, arguments| $crate::layer::pool1d::sizes(input, arguments),
        }

        pub use $crate::layer::pool1d::slide;
    };
}
pub(super) use pool;

/// An error for invalid arguments of the pooling layer `name`.
pub(super) const fn refused(name: &str, input: &Shape, arguments: &[Value]) -> Option<Text> {
    match sequences_only(name, input) {
        None => window(arguments).check_pool(name, input, steps(input)),
        refused => refused,
    }
}

/// `[steps, features]` to `[.., features]`, one step per window position.
pub(super) const fn output(input: &Shape, arguments: &[Value]) -> Shape {
    Shape::numbers(&[window(arguments).output(steps(input))[1], input.dim(1)])
}

/// One operation for each number of each window, its padding included.
pub(super) const fn flops(input: &Shape, arguments: &[Value]) -> Size {
    output(input, arguments).elements().times(arguments[0].size())
}

/// `NAME<POOL, STEPS, Slide<..>>`, where `NAME` is `MaxPool1D` or `AvgPool1D`.
pub(super) const fn sizes(input: &Shape, arguments: &[Value]) -> Sizes {
    Sizes::of(&[arguments[0].size(), window(arguments).output(steps(input))[1]])
}

/// `Slide<..>`.
pub const fn slide(input: &Shape, arguments: &[Value]) -> Sizes {
    window(arguments).slide(steps(input))
}

/// The window; its stride is its size by default.
const fn window(arguments: &[Value]) -> Sliding {
    let stride = match &arguments[1] {
        Value::Absent => arguments[0].size(),
        stride => stride.size(),
    };
    Sliding::steps(arguments[0].size(), stride, Size::Known(1), arguments[2].padding())
}

#[cfg(test)]
mod tests {
    use super::{super::max_pool1d, *};
    use crate::Padding;

    const STEPS: Shape = Shape::numbers(&[Size::Known(7), Size::Known(3)]);

    const fn size(number: usize) -> Value {
        Value::Size(Size::Known(number))
    }

    fn shown(input: Shape, arguments: [Value; 3]) -> String {
        match max_pool1d::output(&input, &arguments) {
            Ok(shape) => Text::new("").shape(&shape).as_str().to_string(),
            Err(text) => text.as_str().to_string(),
        }
    }

    #[test]
    fn a_window_moves_by_its_size_unless_told_otherwise() {
        const OUTPUT: Result<Shape, Text> =
            max_pool1d::output(&STEPS, &[size(2), Value::Absent, Value::Absent]);
        assert_eq!(Text::new("").shape(&OUTPUT.unwrap()).as_str(), "[3, 3]");
        assert_eq!(shown(STEPS, [size(3), size(1), Value::Absent]), "[5, 3]");
        let same = Value::Padding(Padding::Same);
        assert_eq!(shown(STEPS, [size(2), Value::Absent, same]), "[4, 3]");
        assert_eq!(shown(STEPS, [Value::Size(Size::Unknown), size(2), same]), "[?, 3]");
    }

    #[test]
    fn a_pooling_that_leaves_nothing_is_refused() {
        assert_eq!(
            shown(STEPS, [size(8), Value::Absent, Value::Absent]),
            "the pool of `MaxPool1D` covers [8], but what flows in is [7, 3], so nothing is left; \
             take a smaller pool or `padding = same`"
        );
        let zeros = Value::Padding(Padding::Zeros(Size::Known(2)));
        assert_eq!(
            shown(STEPS, [size(2), Value::Absent, zeros]),
            "the padding of `MaxPool1D` is 2, but its pool covers [2]; pad less than the pool, so \
             that it always holds a number"
        );
    }

    #[test]
    fn images_and_categories_are_refused() {
        let arguments = [size(2), Value::Absent, Value::Absent];
        assert_eq!(
            shown(STEPS.push(Size::Known(5)), arguments),
            "`MaxPool1D` takes a sequence [steps, features], but what flows in is [7, 3, 5]; put \
             `Reshape(steps, features)` before it"
        );
        let text = shown(Shape::categories(&[Size::Known(4)]), arguments);
        assert!(text.starts_with("`MaxPool1D` computes with numbers"), "{text}");
    }
}
