//! `contrast`: random contrast, in training.

use super::{images_only, Form, Nature, Step};
use crate::{ArgumentKind, Doc, Onnx, Parameter, Range, Shape, Text, Value};

/// The row of the table.
pub const STEP: Step = Step {
    name: "contrast",
    type_name: "Contrast",
    doc: Doc {
        computes: "`(x - mean) * f + mean` with f from `1 - factor` to `1 + factor`",
        shape: "`[C, height, width]`, unchanged",
        keras: "`RandomContrast`",
        torch: "",
        also: &["RandomContrast"],
        onnx: Onnx::Nothing,
    },
    parameters: &[Parameter::required("factor", ArgumentKind::Number(Range::Fraction))],
    output,
    form: Form { nature: Nature::Random, ..Form::FIXED },
};

/// The input shape.
pub const fn output(input: &Shape, _: &[Value]) -> Result<Shape, Text> {
    images_only("contrast", input)
}
