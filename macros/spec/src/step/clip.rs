//! `clip`: clamps numbers between two bounds.

use super::{as_before, Form, Step};
use crate::{ArgumentKind, Doc, Onnx, Parameter, Range, Shape, Text, Value};

/// The row of the table.
pub const STEP: Step = Step {
    name: "clip",
    type_name: "Clip",
    doc: Doc {
        computes: "`min(max(x, low), high)`",
        shape: "numbers, unchanged",
        keras: "NumPy `clip`",
        torch: "",
        also: &["clamp", "clip_by_value"],
        onnx: Onnx::since(16, &["Less", "Greater", "Where"]),
    },
    parameters: &[
        Parameter::required("low", ArgumentKind::Number(Range::NotNan)),
        Parameter::required("high", ArgumentKind::Number(Range::NotNan)),
    ],
    output,
    form: Form::FIXED,
};

/// The input shape.
pub const fn output(input: &Shape, arguments: &[Value]) -> Result<Shape, Text> {
    let (low, high) =
        (arguments[0].number_or(f64::NEG_INFINITY), arguments[1].number_or(f64::INFINITY));
    if low >= high {
        return Err(Text::new("the lower bound of `clip` is not below the upper one"));
    }
    as_before("clip", input)
}
