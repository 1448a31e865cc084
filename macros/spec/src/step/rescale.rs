//! `rescale`: a scale and an offset that are given.

use super::{as_before, Form, Step};
use crate::{ArgumentKind, Parameter, Shape, Text, Value};

/// The row of the table.
pub const STEP: Step = Step {
    name: "rescale",
    type_name: "Rescale",
    doc: "Multiplies every number by `scale` and adds `offset` (0).",
    parameters: &[
        Parameter::required("scale", ArgumentKind::Number),
        Parameter::optional("offset", ArgumentKind::Number),
    ],
    output,
    form: Form { inverts: true, ..Form::FIXED },
};

/// Numbers stay as many as they were.
pub const fn output(input: &Shape, arguments: &[Value]) -> Result<Shape, Text> {
    if arguments[0].number_or(1.0) == 0.0 {
        return Err(Text::new("a scale of 0 leaves nothing of the numbers"));
    }
    as_before("rescale", input)
}
