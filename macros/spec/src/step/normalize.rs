//! `normalize`: normalises by a given mean and standard deviation.

use super::{is_image, numbers_only, Form, Step};
use crate::{ArgumentKind, Doc, Onnx, Parameter, Range, Shape, Size, Text, Value};

/// The row of the table.
pub const STEP: Step = Step {
    name: "normalize",
    type_name: "Normalize",
    doc: Doc {
        computes: "`(x - mean) / std` with given lists, one number for each channel or one for all",
        shape: "numbers, unchanged",
        keras: "`Normalization(mean, variance)`, torchvision `Normalize`",
        torch: "",
        also: &["normalize_with"],
        onnx: Onnx::since(14, &["Sub", "Div", "Cast"]),
    },
    parameters: &[
        Parameter::required("mean", ArgumentKind::Numbers(Range::Finite)),
        Parameter::required("std", ArgumentKind::Numbers(Range::Positive)),
    ],
    output,
    form: Form::FIXED,
};

/// The input shape.
pub const fn output(input: &Shape, arguments: &[Value]) -> Result<Shape, Text> {
    if let Some(wrong) = numbers_only("normalize", input) {
        return Err(wrong);
    }
    let (mean, std) = (arguments[0].numbers(), arguments[1].numbers());
    let channels = if is_image(input) { input.dim(0) } else { input.last() };
    let fits = mean.len() == 1 || !channels.differs(Size::Known(mean.len()));
    if mean.is_empty() || mean.len() != std.len() || !fits {
        return Err(Text::new(
            "`normalize` takes one mean and one deviation, or as many as there are \
                              channels, ",
        )
        .size(channels)
        .str("; these are ")
        .number(mean.len())
        .str(" and ")
        .number(std.len()));
    }
    Ok(*input)
}
