//! A user's own derivation.

use super::Derivation;
use crate::{Doc, Shape};

/// What the macro knows of a user's own derivation; the expansion adds its name. It is no row of the
/// table.
pub const DERIVATION: Derivation = Derivation {
    name: "own",
    type_name: "Own",
    doc: Doc::new("a derivation of one's own"),
    parameters: &[],
    least: 1,
    takes: |_| Ok(()),
    output: |_| Ok(Shape::numbers(&[])),
};
