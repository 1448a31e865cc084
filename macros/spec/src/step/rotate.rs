//! `rotate`: random rotation, in training.

use super::{images_only, Form, Nature, Step};
use crate::{ArgumentKind, Doc, Onnx, Parameter, Range, Shape, Text, Value};

/// The row of the table.
pub const STEP: Step = Step {
    name: "rotate",
    type_name: "Rotate",
    doc: Doc {
        computes: "rotated by at most `factor` of a full turn",
        shape: "`[C, height, width]`, unchanged",
        keras: "`RandomRotation`",
        torch: "",
        also: &["RandomRotation", "rotation_range", "RandomRotate"],
        onnx: Onnx::Nothing,
    },
    parameters: &[Parameter::required("factor", ArgumentKind::Number(Range::Fraction))],
    output,
    form: Form { nature: Nature::Random, ..Form::FIXED },
};

/// The input shape.
pub const fn output(input: &Shape, _: &[Value]) -> Result<Shape, Text> {
    images_only("rotate", input)
}
