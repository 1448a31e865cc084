//! Derivations, one file each, and their table.
//!
//! A derived node has no raw data of its own. The input of its branch is computed from the raw
//! values of the inputs that it names, and its width is known at compile time.

use crate::{Doc, Kind, Parameter, Shape, Text, Value};

pub mod arithmetic;
pub mod crossed;
pub mod own;

/// Every derivation for `#[derived(...)]`.
pub const DERIVATIONS: &[Derivation] = &[crossed::DERIVATION];

/// A derivation, as the macro knows it.
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
    /// The minimum number of inputs.
    pub least: usize,
    /// Checks one input. An error can follow the field's name.
    pub takes: fn(&Source<'_>) -> Result<(), Text>,
    /// The shape of one row, or an error for the arguments.
    pub output: fn(&[Value]) -> Result<Shape, Text>,
}

/// An input of a derivation.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The input, as the user calls it.
    pub name: &'a str,
    /// The shape of its raw rows.
    pub raw: Shape,
    /// The output shape of its last preprocessing step.
    pub encoded: Shape,
}

impl Source<'_> {
    /// Whether rows hold one text or integer that is not read as a sequence.
    pub const fn is_raw_category(&self) -> bool {
        let sequence = matches!(self.encoded.kind, Kind::Categories) && self.encoded.rank() > 0;
        let one = self.raw.rank() == 0 && !self.raw.is_list();
        matches!(self.raw.kind, Kind::Categories | Kind::Texts) && one && !sequence
    }

    /// Whether its steps encode it as one category, as `bins` encode a number.
    pub const fn is_encoded_category(&self) -> bool {
        let one = self.encoded.rank() == 0 && !self.encoded.is_list();
        matches!(self.encoded.kind, Kind::Categories) && one
    }
}

/// The derivation with the DSL name `name`.
pub fn named(name: &str) -> Option<&'static Derivation> {
    DERIVATIONS.iter().find(|derivation| derivation.name == name)
}
