//! `zoom`: random zoom, in training.

use super::{images_only, Form, Nature, Step};
use crate::{ArgumentKind, Doc, Onnx, Parameter, Range, Shape, Text, Value};

/// The row of the table.
pub const STEP: Step = Step {
    name: "zoom",
    type_name: "Zoom",
    doc: Doc {
        computes: "zoomed in or out by at most `factor`",
        shape: "`[C, height, width]`, unchanged",
        keras: "`RandomZoom`",
        torch: "",
        also: &["RandomZoom", "zoom_range"],
        onnx: Onnx::Nothing,
    },
    parameters: &[Parameter::required("factor", ArgumentKind::Number(Range::Fraction))],
    output,
    form: Form { nature: Nature::Random, ..Form::FIXED },
};

/// The input shape.
pub const fn output(input: &Shape, _: &[Value]) -> Result<Shape, Text> {
    images_only("zoom", input)
}
