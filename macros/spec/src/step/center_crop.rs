//! `center_crop`: crops the centre of every picture.

use super::{is_image, Form, Step};
use crate::{ArgumentKind, Doc, Kind, Onnx, Parameter, Shape, Size, Text, Value};

/// The row of the table.
pub const STEP: Step = Step {
    name: "center_crop",
    type_name: "CenterCrop",
    doc: Doc {
        computes: "the middle of the image",
        shape: "`[C, height', width']` to `[C, height, width]`",
        keras: "`CenterCrop`",
        torch: "",
        also: &["crop"],
        onnx: Onnx::since(15, &["Shape", "Div", "Slice", "Add", "Sub"]),
    },
    parameters: &[
        Parameter::required("height", ArgumentKind::Size),
        Parameter::required("width", ArgumentKind::Size),
    ],
    output,
    form: Form::FIXED,
};

/// A picture of any size, or [channels, rows, columns], to [channels, height, width].
pub const fn output(input: &Shape, arguments: &[Value]) -> Result<Shape, Text> {
    let (height, width) = (arguments[0].size(), arguments[1].size());
    if !matches!(input.kind, Kind::Pictures) && !is_image(input) {
        return Err(Text::new(
            "`center_crop` takes pictures, `Image<3>` or [channels, height, width], but this is ",
        )
        .shape(input));
    }
    let cropped = Shape::numbers(&[input.dim(0), height, width]);
    if is_image(input) && (is_larger(height, input.dim(1)) || is_larger(width, input.dim(2))) {
        return Err(Text::new("what is left would be ")
            .shape(&cropped)
            .str(", which is larger than ")
            .shape(input));
    }
    Ok(cropped)
}

const fn is_larger(new: Size, old: Size) -> bool {
    matches!((new, old), (Size::Known(new), Size::Known(old)) if new > old)
}
