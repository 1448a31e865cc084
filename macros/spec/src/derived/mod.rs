//! One file per derivation, and the table of them.
//!
//! A derived node has no raw data of its own: what flows into its branch is made of the raw values
//! of the inputs that it names, and its width is known while compiling as an input's is.

use crate::{Doc, Kind, Parameter, Shape, Text, Value};

pub mod crossed;

/// Every derivation that `#[derived(...)]` may name.
pub const DERIVATIONS: &[Derivation] = &[crossed::DERIVATION];

/// What the macro must know of a derivation.
#[derive(Clone, Copy, Debug)]
pub struct Derivation {
    /// The name in the DSL, of this crate's module and of the runtime's file, e.g. `crossed`.
    pub name: &'static str,
    /// The type in `multi_input::preprocess`, e.g. `Crossed`.
    pub type_name: &'static str,
    /// Its row in the documentation.
    pub doc: Doc,
    /// The arguments after the inputs.
    pub parameters: &'static [Parameter],
    /// The least number of inputs.
    pub least: usize,
    /// What is wrong with one of the inputs, in words that can follow the field's name.
    pub takes: fn(&Source<'_>) -> Result<(), Text>,
    /// What one row holds of it, or what is wrong with the arguments.
    pub output: fn(&[Value]) -> Result<Shape, Text>,
}

/// An input that something is derived of.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The input, as the user calls it.
    pub name: &'a str,
    /// What its rows hold.
    pub raw: Shape,
    /// What its last step of preprocessing gives.
    pub encoded: Shape,
}

impl Source<'_> {
    /// Whether rows hold one text or whole number, which is not read as a sequence.
    pub const fn is_raw_category(&self) -> bool {
        let sequence = matches!(self.encoded.kind, Kind::Categories) && self.encoded.rank() > 0;
        matches!(self.raw.kind, Kind::Categories | Kind::Texts) && self.raw.rank() == 0 && !sequence
    }

    /// Whether its steps make one category of anything else, as `bins` do of a number.
    pub const fn is_encoded_category(&self) -> bool {
        matches!(self.encoded.kind, Kind::Categories) && self.encoded.rank() == 0
    }
}

/// The derivation that the DSL calls `name`.
pub fn named(name: &str) -> Option<&'static Derivation> {
    DERIVATIONS.iter().find(|derivation| derivation.name == name)
}
