//! `multi_hot`: encodes the set of categories that occur.

use super::{indices_only, too_narrow, Form, Step};
use crate::{ArgumentKind, Doc, Onnx, Parameter, Shape, Text, Value};

/// The row of the table.
pub const STEP: Step = Step {
    name: "multi_hot",
    type_name: "MultiHot",
    doc: Doc {
        computes: "1 at the index of each category that occurs, 0 elsewhere; a category that no training row has is left out",
        shape: "a list of categories, of one or any length, to `[size]`",
        keras: "`CategoryEncoding`, scikit-learn `MultiLabelBinarizer`",
        torch: "",
        also: &["MultiLabelBinarizer", "multi_hot_encoding"],
        onnx: Onnx::since(14, &["Equal", "And", "Cast", "ReduceSum", "Greater", "Mul", "Unsqueeze"]),
    },
    parameters: &[
        Parameter::required("size", ArgumentKind::Size),
    ],
    output,
    form: Form { takes_lists: true, ..Form::LEARNED },
};

/// `[steps]` categories to `[size]`.
pub const fn output(input: &Shape, arguments: &[Value]) -> Result<Shape, Text> {
    if let Some(wrong) = indices_only("multi_hot", input) {
        return Err(wrong);
    }
    let size = arguments[0].size();
    if let Some(wrong) = too_narrow("multi_hot", size, input) {
        return Err(wrong);
    }
    match (input.rank(), input.is_list()) {
        (1, false) | (0, true) => Ok(Shape::numbers(&[size])),
        (0, false) => {
            Err(Text::new("`multi_hot` takes a list of categories, but this is one; use `one_hot`"))
        }
        _ => Err(Text::new("`multi_hot` takes a list of categories, but this is ").shape(input)),
    }
}
