//! `hashed`: encodes categories by their hash, without a vocabulary.

use super::{names_only, Form, Step};
use crate::{ArgumentKind, Doc, Onnx, Parameter, Range, Shape, Text, Value};

/// The row of the table.
pub const STEP: Step = Step {
    name: "hashed",
    type_name: "Hashed",
    doc: Doc {
        computes: "the hash of a value, modulo `buckets`",
        shape: "`String`, `u32` or lists of them to categories below `buckets`",
        keras: "`Hashing`",
        torch: "",
        also: &[
            "Hashing",
            "hash",
            "FeatureHasher",
            "hash_bucket",
            "categorical_column_with_hash_bucket",
        ],
        onnx: Onnx::refused(
            "it is a hash of the text, which ONNX has no operator for",
            "let the input enter behind its preprocessing, by `export = onnx(encoded(..))`",
        ),
    },
    parameters: &[
        Parameter::required("buckets", ArgumentKind::Size),
        Parameter::optional("salt", ArgumentKind::Number(Range::Whole)).or("0"),
    ],
    output,
    form: Form::FIXED,
};

/// The same number of categories as texts or numbers, below `buckets`.
pub const fn output(input: &Shape, arguments: &[Value]) -> Result<Shape, Text> {
    if let Some(wrong) = names_only("hashed", input) {
        return Err(wrong);
    }
    if input.rank() > 1 {
        return Err(Text::new("`hashed` takes one or a list of them, but this is ").shape(input));
    }
    Ok(match input.rank() {
        0 => Shape::categories(&[]),
        _ => Shape::categories(&[input.dim(0)]),
    }
    .below(arguments[0].size()))
}
