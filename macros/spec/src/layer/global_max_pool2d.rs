//! `GlobalMaxPool2D`: the largest number of every channel.

use super::{conv2d::images_only, Form, Layer, Sizes};
use crate::{Shape, Size, Text, Value};

/// The row of the table.
pub const LAYER: Layer = Layer {
    name: "GlobalMaxPool2D",
    module: "global_max_pool2d",
    doc: "The largest number of every channel.",
    parameters: &[],
    output,
    count,
    sizes,
    form: Form::STATELESS,
};

/// `[channels, height, width]` becomes `[channels]`.
pub const fn output(input: &Shape, _: &[Value]) -> Result<Shape, Text> {
    if let Some(text) = images_only("GlobalMaxPool2D", input) {
        return Err(text);
    }
    Ok(Shape::numbers(&[input.dim(0)]))
}

/// Nothing is learned.
pub const fn count(_: &Shape, _: &[Value]) -> Size {
    Size::Known(0)
}

/// `GlobalMaxPool2D` fits every shape.
pub const fn sizes(_: &Shape, _: &[Value]) -> Sizes {
    Sizes::of(&[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_for_each_channel_is_left() {
        const OUTPUT: Result<Shape, Text> =
            output(&Shape::numbers(&[Size::Known(4), Size::Unknown, Size::Known(9)]), &[]);
        assert_eq!(Text::new("").shape(&OUTPUT.unwrap()).as_str(), "[4]");
        assert_eq!(count(&Shape::numbers(&[]), &[]), Size::Known(0));
    }

    #[test]
    fn vectors_and_categories_are_refused() {
        let error = output(&Shape::numbers(&[Size::Known(12)]), &[]).unwrap_err();
        assert_eq!(
            error.as_str(),
            "`GlobalMaxPool2D` takes an image [channels, height, width], but what flows in is [12]; put \
             `Reshape(channels, height, width)` before it"
        );
        let error = output(&Shape::categories(&[Size::Known(4)]), &[]).unwrap_err();
        assert!(error.as_str().starts_with("`GlobalMaxPool2D` computes with numbers"), "{error:?}");
    }
}
