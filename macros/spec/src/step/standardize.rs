//! `standardize`: scales to mean 0 and variance 1.

use super::{as_before, Form, Inverse, Step};
use crate::{Doc, Onnx, Shape, Text, Value};

/// The row of the table.
pub const STEP: Step = Step {
    name: "standardize",
    type_name: "Standardize",
    doc: Doc {
        computes: "`(x - mean) / standard deviation`",
        shape: "numbers, unchanged",
        keras: "`Normalization`, scikit-learn `StandardScaler`",
        torch: "",
        also: &["StandardScaler", "Normalization", "zscore", "standardization", "standard_scale"],
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
    as_before("standardize", input)
}
