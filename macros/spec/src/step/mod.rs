//! One file per step of preprocessing, and the table of them.
//!
//! A step takes what an input's rows hold, or what the step before it gives, and says in what shape
//! it gives it on: so every encoded width is known while compiling. Its formula is a `const fn` and
//! runs twice, as a layer's does.

use crate::{Kind, Parameter, Shape, Text, Value};

pub mod rescale;
pub mod resize;
pub mod standardize;
pub mod words;

/// Every step that `#[input(...)]` may name.
pub const STEPS: &[Step] = &[standardize::STEP, words::STEP, resize::STEP, rescale::STEP];

/// What the macro must know of a step.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The name in the DSL, of this crate's module and of the runtime's file, e.g. `words`.
    pub name: &'static str,
    /// The type in `multi_input::preprocess`, e.g. `Words`.
    pub type_name: &'static str,
    /// One line of documentation.
    pub doc: &'static str,
    /// What stands between the parentheses.
    pub parameters: &'static [Parameter],
    /// What one row holds after it, or what is wrong in words that can follow the field's name.
    pub output: fn(&Shape, &[Value]) -> Result<Shape, Text>,
    /// What it goes by.
    pub nature: Nature,
}

/// What a step goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// Its arguments alone.
    Fixed,
    /// What it learned from the training rows.
    Learned,
}

impl Nature {
    /// The type in `multi_input::preprocess` that makes a step of the step's type.
    pub const fn type_name(self) -> &'static str {
        match self {
            Nature::Fixed => "Fixed",
            Nature::Learned => "Learned",
        }
    }
}

/// The step that the DSL calls `name`.
pub fn named(name: &str) -> Option<&'static Step> {
    STEPS.iter().find(|step| step.name == name)
}

/// What flows on from an input, once its last step has been applied.
pub const fn encoded(shape: &Shape) -> Result<Shape, Text> {
    let how = match shape.kind {
        Kind::Numbers | Kind::Categories => return Ok(*shape),
        Kind::Texts => "; say how it is read: `#[input(words(vocabulary = 10_000, length = 100))]`",
        Kind::Pictures => "; bring all pictures to one size: `#[input(resize(64, 64))]`",
    };
    Err(Text::new("layers compute with numbers, but this is ").shape(shape).str(how))
}

/// What is wrong where `step`, which computes with numbers, meets something else.
const fn numbers_only(step: &str, input: &Shape) -> Option<Text> {
    let instead = match input.kind {
        Kind::Numbers => return None,
        Kind::Categories => "; give categories to an `Embedding` instead",
        Kind::Texts => "; make categories of it with `words(vocabulary, length)`",
        Kind::Pictures => "; put `resize(height, width)` before it",
    };
    Some(
        Text::new("`")
            .str(step)
            .str("` computes with numbers, but this is ")
            .shape(input)
            .str(instead),
    )
}
