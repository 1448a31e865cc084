//! `categories`: encodes categories by a learned vocabulary.

use super::{names_only, Form, Step};
use crate::{ArgumentKind, Doc, Onnx, Parameter, Range, Shape, Size, Text, Value};

/// The row of the table.
pub const STEP: Step = Step {
    name: "categories",
    type_name: "Categories",
    doc: Doc {
        computes: "a vocabulary of the training rows, the most frequent first; `capacity` includes index 0 for padding and 1 for unknown values; a value seen less than `minimum` times is unknown; `shared` takes the vocabulary of another input; `unknown_rate` is the share of values that training reads as unknown",
        shape: "`String`, `u32` or lists of them to categories below `capacity`",
        keras: "`StringLookup`, `IntegerLookup`",
        torch: "",
        also: &["StringLookup", "IntegerLookup", "LabelEncoder", "OrdinalEncoder", "factorize", "categorical", "vocabulary", "lookup", "categorical_column_with_vocabulary_list"],
        onnx: Onnx::since(16, &["ai.onnx.ml.CategoryMapper", "Gather", "GreaterOrEqual", "Where", "Add", "Equal", "Mul"]),
    },
    parameters: &[
        Parameter::required("capacity", ArgumentKind::Size),
        Parameter::optional("minimum", ArgumentKind::Size).or("1"),
        Parameter::optional("shared", ArgumentKind::Input),
        Parameter::optional("unknown_rate", ArgumentKind::Number(Range::Fraction)).or("0"),
    ],
    output,
    form: Form::VOCABULARY,
};

/// The same number of categories as texts or numbers, below `capacity`.
pub const fn output(input: &Shape, arguments: &[Value]) -> Result<Shape, Text> {
    if let Some(wrong) = names_only("categories", input) {
        return Err(wrong);
    }
    if input.rank() > 1 {
        return Err(
            Text::new("`categories` takes one or a list of them, but this is ").shape(input)
        );
    }
    let capacity = arguments[0].size();
    if let Size::Known(size) = capacity {
        if size < 3 {
            return Err(Text::new(
                "the capacity of `categories` includes index 0 for padding and 1 for what is \
                 unknown, so it is at least 3, this is ",
            )
            .number(size));
        }
    }
    Ok(match input.rank() {
        0 => Shape::categories(&[]),
        _ => Shape::categories(&[input.dim(0)]),
    }
    .below(capacity))
}
