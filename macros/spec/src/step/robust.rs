//! `robust`: median 0 and interquartile range 1.

use super::{as_before, Form, Inverse, Step};
use crate::{Shape, Text, Value};

/// The row of the table.
pub const STEP: Step = Step {
    name: "robust",
    type_name: "Robust",
    doc: "Shifts and scales numbers to median 0 and interquartile range 1, each index of the last axis by itself.",
    parameters: &[],
    output,
    form: Form { inverse: Inverse::Affine, ..Form::LEARNED },
};

/// Numbers stay as many as they were.
pub const fn output(input: &Shape, _: &[Value]) -> Result<Shape, Text> {
    as_before("robust", input)
}
