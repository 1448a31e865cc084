//! `multi_hot`: which categories occur.

use super::{indices_only, too_narrow, Form, Step};
use crate::{ArgumentKind, Parameter, Shape, Text, Value};

/// The row of the table.
pub const STEP: Step = Step {
    name: "multi_hot",
    type_name: "MultiHot",
    doc: "Gives a list of category indices a number for each of `size` categories: 1 for those that occur, 0 for the others.",
    parameters: &[
        Parameter::required("size", ArgumentKind::Size),
    ],
    output,
    form: Form::LEARNED,
};

/// `[steps]` categories become `[size]`.
pub const fn output(input: &Shape, arguments: &[Value]) -> Result<Shape, Text> {
    if let Some(wrong) = indices_only("multi_hot", input) {
        return Err(wrong);
    }
    let size = arguments[0].size();
    if let Some(wrong) = too_narrow("multi_hot", size, input) {
        return Err(wrong);
    }
    match input.rank() {
        1 => Ok(Shape::numbers(&[size])),
        0 => {
            Err(Text::new("`multi_hot` takes a list of categories, but this is one; use `one_hot`"))
        }
        _ => Err(Text::new("`multi_hot` takes a list of categories, but this is ").shape(input)),
    }
}
