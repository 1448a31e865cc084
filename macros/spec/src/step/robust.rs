//! `robust`: scales to median 0 and interquartile range 1.

use super::{as_before, Form, Inverse, Step};
use crate::{Doc, Onnx, Shape, Text, Value};

/// The row of the table.
pub const STEP: Step = Step {
    name: "robust",
    type_name: "Robust",
    doc: Doc {
        computes: "`(x - median) / interquartile range`",
        shape: "numbers, unchanged",
        keras: "scikit-learn `RobustScaler`",
        torch: "",
        also: &["RobustScaler", "robust_scale"],
        onnx: Onnx::since(
            16,
            &["Sub", "Div", "Cast", "Add", "Mul", "Abs", "GreaterOrEqual", "Where"],
        ),
    },
    parameters: &[],
    output,
    form: Form { inverse: Inverse::Affine, ..Form::LEARNED },
};

/// The input shape.
pub const fn output(input: &Shape, _: &[Value]) -> Result<Shape, Text> {
    as_before("robust", input)
}
