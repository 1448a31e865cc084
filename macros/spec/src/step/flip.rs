//! `flip`: random mirroring, in training.

use super::{images_only, Form, Nature, Step};
use crate::{ArgumentKind, Doc, Onnx, Parameter, Shape, Text, Value};

/// The row of the table.
pub const STEP: Step = Step {
    name: "flip",
    type_name: "Flip",
    doc: Doc {
        computes: "mirrored with probability 1/2, `horizontal`, `vertical` or `both`",
        shape: "`[C, height, width]`, unchanged",
        keras: "`RandomFlip`",
        torch: "",
        also: &["RandomFlip", "RandomHorizontalFlip", "horizontal_flip", "hflip"],
        onnx: Onnx::Nothing,
    },
    parameters: &[Parameter::optional(
        "direction",
        ArgumentKind::Word(&["horizontal", "vertical", "both"]),
    )
    .or("horizontal")],
    output,
    form: Form { nature: Nature::Random, ..Form::FIXED },
};

/// The input shape.
pub const fn output(input: &Shape, _: &[Value]) -> Result<Shape, Text> {
    images_only("flip", input)
}
