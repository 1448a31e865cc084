//! `contrast`: more or less contrast, in training.

use super::{images_only, Form, Nature, Step};
use crate::{ArgumentKind, Parameter, Shape, Text, Value};

/// The row of the table.
pub const STEP: Step = Step {
    name: "contrast",
    type_name: "Contrast",
    doc: "Changes the contrast of pictures in training, by at most `factor`.",
    parameters: &[Parameter::required("factor", ArgumentKind::Number)],
    output,
    form: Form { nature: Nature::Random, ..Form::FIXED },
};

/// Pictures keep their size.
pub const fn output(input: &Shape, arguments: &[Value]) -> Result<Shape, Text> {
    let factor = arguments[0].number_or(0.0);
    if factor < 0.0 || factor >= 1.0 {
        return Err(Text::new("the factor of `contrast` is at least 0 and below 1"));
    }
    images_only("contrast", input)
}
