//! `impute`: replaces missing numbers.

use super::{numbers_only, Form, Step};
use crate::{ArgumentKind, Doc, Onnx, Parameter, Range, Shape, Size, Text, Value};

/// The row of the table.
pub const STEP: Step = Step {
    name: "impute",
    type_name: "Impute",
    doc: Doc {
        computes: "a missing number (NaN or a blank cell) becomes the `mean`, `median` or `most_frequent` of the training rows, or a `constant`: `impute(mean)`, `impute(constant = 0.0)`; `indicator` appends a flag for each number, 1 where it was missing",
        shape: "numbers, unchanged, or twice as many",
        keras: "scikit-learn `SimpleImputer`",
        torch: "",
        also: &["SimpleImputer", "fillna", "imputer", "imputation", "fill_missing"],
        onnx: Onnx::since(16, &["Equal", "Not", "Where", "Cast", "Concat", "Unsqueeze"]),
    },
    parameters: &[
        Parameter::optional("strategy", ArgumentKind::Word(&["mean", "median", "most_frequent"])),
        Parameter::optional("constant", ArgumentKind::Number(Range::Finite)),
        Parameter::optional("indicator", ArgumentKind::Flag).or("false"),
    ],
    output,
    form: Form { fills: true, ..Form::LEARNED },
};

/// The input shape; with an indicator, twice the size of the last axis, with the flags at the end.
pub const fn output(input: &Shape, arguments: &[Value]) -> Result<Shape, Text> {
    if let Some(wrong) = numbers_only("impute", input) {
        return Err(wrong);
    }
    if arguments[0].is_absent() == arguments[1].is_absent() {
        return Err(Text::new(
            "`impute` puts one thing in the place of missing numbers: write `impute(mean)`, \
             `impute(median)`, `impute(most_frequent)` or `impute(constant = 0.0)`",
        ));
    }
    if !arguments[2].flag_or(false) {
        return Ok(*input);
    }
    Ok(match input.rank() {
        0 => Shape::numbers(&[Size::Known(2)]),
        rank => input.with(rank - 1, input.last().times(Size::Known(2))),
    })
}
