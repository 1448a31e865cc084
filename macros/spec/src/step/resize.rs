//! `resize`: resizes pictures.

use super::{is_image, Form, Step};
use crate::{ArgumentKind, Doc, Kind, Onnx, Parameter, Shape, Text, Value};

/// The row of the table.
pub const STEP: Step = Step {
    name: "resize",
    type_name: "Resize",
    doc: Doc {
        computes: "pixels from 0 to 255, interpolated `bilinear` or `nearest`",
        shape: "`Image<C>` or `[C, height', width']` to `[C, height, width]`",
        keras: "`Resizing`",
        torch: "",
        also: &["Resizing"],
        onnx: Onnx::since(
            15,
            &[
                "Shape",
                "Floor",
                "Ceil",
                "Gather",
                "Sub",
                "Mul",
                "Add",
                "Cast",
                "Div",
                "Max",
                "Min",
                "Slice",
                "Unsqueeze",
            ],
        ),
    },
    parameters: &[
        Parameter::required("height", ArgumentKind::Size),
        Parameter::required("width", ArgumentKind::Size),
        Parameter::optional("interpolation", ArgumentKind::Word(&["bilinear", "nearest"]))
            .or("bilinear"),
    ],
    output,
    form: Form::FIXED,
};

/// A picture of any size, or [channels, rows, columns], to [channels, height, width].
pub const fn output(input: &Shape, arguments: &[Value]) -> Result<Shape, Text> {
    if !matches!(input.kind, Kind::Pictures) && !is_image(input) {
        return Err(Text::new(
            "`resize` takes pictures, `Image<3>` or [channels, height, width], but this is ",
        )
        .shape(input));
    }
    Ok(Shape::numbers(&[input.dim(0), arguments[0].size(), arguments[1].size()]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Size;

    const TO: &[Value] = &[Value::Size(Size::Known(4)), Value::Size(Size::Known(5)), Value::Absent];

    fn of(input: Shape) -> String {
        match output(&input, TO) {
            Ok(shape) => Text::new("").shape(&shape).as_str().to_owned(),
            Err(text) => text.as_str().to_owned(),
        }
    }

    #[test]
    fn pictures_come_to_one_size() {
        assert_eq!(of(Shape::new(Kind::Pictures, &[Size::Known(3)])), "[3, 4, 5]");
        assert_eq!(
            of(Shape::numbers(&[Size::Known(1), Size::Known(9), Size::Unknown])),
            "[1, 4, 5]"
        );
        assert_eq!(
            of(Shape::numbers(&[Size::Known(9)])),
            "`resize` takes pictures, `Image<3>` or [channels, height, width], but this is [9]"
        );
    }
}
