//! `random_crop`: crops pictures at random in training.

use super::{images_only, Form, Nature, Step};
use crate::{ArgumentKind, Doc, Onnx, Parameter, Shape, Text, Value};

/// The row of the table.
pub const STEP: Step = Step {
    name: "random_crop",
    type_name: "RandomCrop",
    doc: Doc {
        computes: "a random part in training, the middle otherwise",
        shape: "`[C, height', width']` to `[C, height, width]`",
        keras: "`RandomCrop`",
        torch: "",
        also: &["RandomCropping"],
        onnx: Onnx::since(15, &["Shape", "Div", "Slice", "Add", "Sub"]),
    },
    parameters: &[
        Parameter::required("height", ArgumentKind::Size),
        Parameter::required("width", ArgumentKind::Size),
    ],
    output,
    form: Form { nature: Nature::Random, ..Form::FIXED },
};

/// [channels, rows, columns] to [channels, height, width].
pub const fn output(input: &Shape, arguments: &[Value]) -> Result<Shape, Text> {
    match images_only("random_crop", input) {
        Ok(_) => super::center_crop::output(input, arguments),
        wrong => wrong,
    }
}
