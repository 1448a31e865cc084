//! `ZeroPad2D`: pads an image with zeros.

use super::{conv2d::images_only, layer, Sizes};
use crate::{ArgumentKind, Doc, Onnx, Parameter, Shape, Size, Value};

layer! {
    "ZeroPad2D", "zero_pad2d";
    doc: Doc {
        computes: "zeros around an image: one number for all sides, `(vertical, horizontal)` or `((top, bottom), (left, right))`",
        shape: "`[channels, height, width]` to `[channels, height', width']`",
        keras: "`ZeroPadding2D`",
        torch: "`ZeroPad2d`",
        also: &["ZeroPadding2D"],
        onnx: Onnx::since(13, &["Pad"]),
    },
    parameters: &[Parameter::required("margins", ArgumentKind::Margins)],
    refuses: |name, input, _| images_only(name, input),
    output: |input, arguments| {
        let [height, width] = padded(input, arguments);
        input.with(1, height).with(2, width)
    },
    flops: |_, _| Size::Known(0),
    sizes: |input, arguments| {
        let ([above, _, left, _], [height, width]) =
            (arguments[0].margins(), padded(input, arguments));
        Sizes::of(&[above, left, height, width])
    },
}

/// Height and width with their margins.
const fn padded(input: &Shape, arguments: &[Value]) -> [Size; 2] {
    let [above, below, left, right] = arguments[0].margins();
    [input.dim(1).plus(above).plus(below), input.dim(2).plus(left).plus(right)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Text;

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
