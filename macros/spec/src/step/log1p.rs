//! `log1p`: the logarithm of one more.

use super::{as_before, Form, Inverse, Step};
use crate::{Shape, Text, Value};

/// The row of the table.
pub const STEP: Step = Step {
    name: "log1p",
    type_name: "Log1p",
    doc: "Takes ln(1 + x) of every number.",
    parameters: &[],
    output,
    form: Form { inverse: Inverse::Nonlinear, ..Form::FIXED },
};

/// Numbers stay as many as they were.
pub const fn output(input: &Shape, _: &[Value]) -> Result<Shape, Text> {
    as_before("log1p", input)
}
