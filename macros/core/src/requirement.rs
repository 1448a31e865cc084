//! What the value of a constant must be. The macro does not see it, so rustc checks it, in a
//! constant of the expansion and in the spec's words.

use multi_input_spec::Range;
use proc_macro2::{Span, TokenStream};

/// A check of one constant that a user wrote.
pub(crate) struct Requirement {
    /// The field that the error speaks of.
    pub(crate) field: String,
    /// The user's token.
    pub(crate) span: Span,
    /// The constant.
    pub(crate) value: TokenStream,
    pub(crate) condition: Condition,
}

/// What a constant must be.
pub(crate) enum Condition {
    /// A size: at least one.
    Size,
    /// A number of a parameter's range.
    Number { callee: String, parameter: &'static str, range: Range },
}
