//! `log1p`: the logarithm of 1 + x.

use super::{as_before, Form, Inverse, Step};
use crate::{Doc, Onnx, Shape, Text, Value};

/// The row of the table.
pub const STEP: Step = Step {
    name: "log1p",
    type_name: "Log1p",
    doc: Doc {
        computes: "`ln(1 + x)`",
        shape: "numbers above -1, unchanged",
        keras: "NumPy `log1p`",
        torch: "",
        also: &["LogTransformer", "log_transform"],
        onnx: Onnx::since(
            16,
            &["Add", "Log", "Sub", "Div", "Mul", "Where", "Cast", "Abs", "Equal", "Exp", "Less"],
        ),
    },
    parameters: &[],
    output,
    form: Form { inverse: Inverse::Nonlinear, ..Form::FIXED },
};

/// The input shape.
pub const fn output(input: &Shape, _: &[Value]) -> Result<Shape, Text> {
    as_before("log1p", input)
}
