//! `flip`: mirror images, in training.

use super::{images_only, Form, Nature, Step};
use crate::{ArgumentKind, Parameter, Shape, Text, Value};

/// The row of the table.
pub const STEP: Step = Step {
    name: "flip",
    type_name: "Flip",
    doc: "Mirrors every second picture, by lot, in training: left and right, top and bottom, or both.",
    parameters: &[
        Parameter::optional("direction", ArgumentKind::Word(&["horizontal", "vertical", "both"])),
    ],
    output,
    form: Form { nature: Nature::Random, ..Form::FIXED },
};

/// Pictures keep their size.
pub const fn output(input: &Shape, _: &[Value]) -> Result<Shape, Text> {
    images_only("flip", input)
}
