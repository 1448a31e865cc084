//! `min_max`: scales numbers by their minimum and maximum.

use super::{as_before, Form, Inverse, Step};
use crate::{ArgumentKind, Doc, Onnx, Parameter, Range, Shape, Text, Value};

/// The row of the table.
pub const STEP: Step = Step {
    name: "min_max",
    type_name: "MinMax",
    doc: Doc {
        computes: "`(x - min) / (max - min)`, scaled to `low` to `high`",
        shape: "numbers, unchanged",
        keras: "scikit-learn `MinMaxScaler`",
        torch: "",
        also: &["MinMaxScaler", "minmax_scale"],
        onnx: Onnx::since(
            16,
            &["Sub", "Div", "Cast", "Add", "Mul", "Abs", "GreaterOrEqual", "Where"],
        ),
    },
    parameters: &[
        Parameter::optional("low", ArgumentKind::Number(Range::Finite)).or("0"),
        Parameter::optional("high", ArgumentKind::Number(Range::Finite)).or("1"),
    ],
    output,
    form: Form { inverse: Inverse::Affine, ..Form::LEARNED },
};

/// The input shape.
pub const fn output(input: &Shape, arguments: &[Value]) -> Result<Shape, Text> {
    let (low, high) = (arguments[0].number_or(0.0), arguments[1].number_or(1.0));
    if low >= high {
        return Err(Text::new("the lower bound of `min_max` is not below the upper one"));
    }
    as_before("min_max", input)
}
