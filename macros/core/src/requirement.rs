//! Requirements on the values of constants. The macro does not know the values, so rustc checks
//! them in a constant of the expansion, with the messages of the spec.

use multi_input_spec::Range;
use proc_macro2::{Span, TokenStream};

/// A requirement on one constant that the user names.
pub(crate) struct Requirement {
    /// The field named in the error.
    pub(crate) field: String,
    /// The user's token.
    pub(crate) span: Span,
    /// The constant.
    pub(crate) value: TokenStream,
    pub(crate) condition: Condition,
}

/// A condition on a constant.
#[derive(Debug)]
pub(crate) enum Condition {
    /// A size: at least one.
    Size,
    /// A number in a parameter's range.
    Number { callee: String, parameter: &'static str, range: Range },
    /// The lengths of nested arrays, whose elements fit into memory.
    Elements,
    /// Numbers that ascend, as `what` of `callee` do.
    Ascending { callee: &'static str, what: &'static str },
    /// A list of numbers in a parameter's range.
    Numbers { callee: String, parameter: &'static str, range: Range },
}
