//! `one_hot`: one-hot encoding of categories.

use super::{indices_only, too_narrow, Form, Step};
use crate::{ArgumentKind, Doc, Onnx, Parameter, Shape, Text, Value};

/// The row of the table.
pub const STEP: Step = Step {
    name: "one_hot",
    type_name: "OneHot",
    doc: Doc {
        computes: "1 at the index of the category, 0 elsewhere; equal shares for a category that no training row has",
        shape: "a category to `[size]`, a list of n to `[n, size]`",
        keras: "`CategoryEncoding`, scikit-learn `OneHotEncoder`",
        torch: "",
        also: &["OneHotEncoder", "OneHotEncoding", "get_dummies", "to_categorical"],
        onnx: Onnx::since(14, &["Equal", "Cast", "Mul", "ReduceSum", "Add", "Sub", "Unsqueeze"]),
    },
    parameters: &[
        Parameter::required("size", ArgumentKind::Size),
    ],
    output,
    form: Form::LEARNED,
};

/// One category to `[size]`, `[steps]` categories to `[steps, size]`.
pub const fn output(input: &Shape, arguments: &[Value]) -> Result<Shape, Text> {
    if let Some(wrong) = indices_only("one_hot", input) {
        return Err(wrong);
    }
    let size = arguments[0].size();
    if let Some(wrong) = too_narrow("one_hot", size, input) {
        return Err(wrong);
    }
    match input.rank() {
        0 => Ok(Shape::numbers(&[size])),
        1 => Ok(Shape::numbers(&[input.dim(0), size])),
        _ => {
            Err(Text::new("`one_hot` takes one category or a list of them, but this is ")
                .shape(input))
        }
    }
}
