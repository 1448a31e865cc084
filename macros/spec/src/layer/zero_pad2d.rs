//! `ZeroPad2D`: zeros around an image.

use super::{conv2d::images_only, Form, Layer, Sizes};
use crate::{ArgumentKind, Parameter, Shape, Size, Text, Value};

/// The row of the table.
pub const LAYER: Layer = Layer {
    name: "ZeroPad2D",
    module: "zero_pad2d",
    doc: "Zeros above, below, to the left and to the right of an image.",
    parameters: &[Parameter::required("margins", ArgumentKind::Margins)],
    output,
    count,
    sizes,
    form: Form::STATELESS,
};

/// Height and width grow by their margins.
pub const fn output(input: &Shape, arguments: &[Value]) -> Result<Shape, Text> {
    if let Some(text) = images_only("ZeroPad2D", input) {
        return Err(text);
    }
    let [above, below, left, right] = arguments[0].margins();
    let height = input.dim(1).plus(above).plus(below);
    Ok(input.with(1, height).with(2, input.dim(2).plus(left).plus(right)))
}

/// Nothing is learned.
pub const fn count(_: &Shape, _: &[Value]) -> Size {
    Size::Known(0)
}

/// `ZeroPad2D<ABOVE, LEFT, HEIGHT, WIDTH>`.
pub const fn sizes(input: &Shape, arguments: &[Value]) -> Sizes {
    let [above, below, left, right] = arguments[0].margins();
    let height = input.dim(1).plus(above).plus(below);
    Sizes::of(&[above, left, height, input.dim(2).plus(left).plus(right)])
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: Shape = Shape::numbers(&[Size::Known(3), Size::Known(5), Size::Unknown]);
    const MARGINS: &[Value] =
        &[Value::Margins([Size::Known(0), Size::Known(1), Size::Known(2), Size::Known(3)])];

    #[test]
    fn height_and_width_grow() {
        const OUTPUT: Result<Shape, Text> = output(&IMAGE, MARGINS);
        assert_eq!(Text::new("").shape(&OUTPUT.unwrap()).as_str(), "[3, 6, ?]");
        let known = output(&IMAGE.with(2, Size::Known(4)), MARGINS).unwrap();
        assert_eq!(Text::new("").shape(&known).as_str(), "[3, 6, 9]");
        assert_eq!(sizes(&IMAGE, MARGINS).at(1), Size::Known(2));
        assert_eq!(count(&IMAGE, MARGINS), Size::Known(0));
    }

    #[test]
    fn vectors_are_refused() {
        assert_eq!(
            output(&Shape::numbers(&[Size::Known(12)]), MARGINS).unwrap_err().as_str(),
            "`ZeroPad2D` takes an image [channels, height, width], but what flows in is [12]; put \
             `Reshape(channels, height, width)` before it"
        );
    }
}
