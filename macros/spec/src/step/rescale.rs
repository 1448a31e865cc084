//! `rescale`: a scale and an offset that are given.

use super::{numbers_only, Nature, Step};
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
    nature: Nature::Fixed,
};

/// Numbers stay as many as they were.
pub const fn output(input: &Shape, _: &[Value]) -> Result<Shape, Text> {
    match numbers_only("rescale", input) {
        Some(wrong) => Err(wrong),
        None => Ok(*input),
    }
}
