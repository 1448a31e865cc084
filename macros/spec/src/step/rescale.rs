//! `rescale`: multiplies by a given scale and adds a given offset.

use super::{as_before, Form, Inverse, Step};
use crate::{ArgumentKind, Doc, Onnx, Parameter, Range, Shape, Text, Value};

/// The row of the table.
pub const STEP: Step = Step {
    name: "rescale",
    type_name: "Rescale",
    doc: Doc {
        computes: "`x * scale + offset`",
        shape: "numbers, unchanged",
        keras: "`Rescaling`",
        torch: "",
        also: &["Rescaling"],
        onnx: Onnx::since(14, &["Mul", "Add", "Div", "Sub"]),
    },
    parameters: &[
        Parameter::required("scale", ArgumentKind::Number(Range::NonZero)),
        Parameter::optional("offset", ArgumentKind::Number(Range::Finite)).or("0"),
    ],
    output,
    form: Form { inverse: Inverse::Affine, ..Form::FIXED },
};

/// The input shape.
pub const fn output(input: &Shape, _: &[Value]) -> Result<Shape, Text> {
    as_before("rescale", input)
}
