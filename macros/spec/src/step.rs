//! The steps of preprocessing by name.

use crate::{Kind, Shape, Text};

/// A step that `#[input(...)]` may name.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The name in the DSL.
    pub name: &'static str,
    /// The variant of `multi_input::definition::Step`.
    pub variant: &'static str,
    /// The encoded shape, or what is wrong.
    pub output: fn(&Shape) -> Result<Shape, Text>,
}

/// Every step.
pub const STEPS: &[Step] =
    &[Step { name: "standardize", variant: "Standardize", output: standardize }];

/// Numbers stay as many as they were.
pub const fn standardize(input: &Shape) -> Result<Shape, Text> {
    match input.kind {
        Kind::Numbers => Ok(*input),
        Kind::Categories => Err(Text::new("`standardize` shifts and scales numbers, but this is ")
            .shape(input)
            .str("; give categories to an `Embedding` instead")),
    }
}
