//! `stages(booking, departure, arrival)`: the order of the times at which inputs are known and
//! predictions are made; and `known_at = departure` on an input or output.

use proc_macro2::{Ident, Span, TokenStream};
use syn::{parse::ParseStream, token};

use super::flow::{self, Listed};
use crate::diagnostics::Diagnostics;

/// The stages of a model, the first one first.
#[derive(Clone)]
pub(crate) struct Stages {
    pub(crate) names: Vec<Ident>,
    /// The option's name.
    pub(crate) span: Span,
}

/// The stage of an input or output.
#[derive(Clone)]
pub(crate) struct KnownAt {
    /// `None` if it could not be read.
    pub(crate) stage: Option<Ident>,
    /// The option's name.
    pub(crate) span: Span,
}

const FORM: &str =
    "`stages` lists at least two stages in their order: `stages(booking, departure)`";

impl Stages {
    /// Reads what follows the word `stages`. Mistakes in the list are reported, and the others of its
    /// names kept.
    pub(super) fn read(
        word: &Ident,
        input: ParseStream<'_>,
    ) -> syn::Result<(Stages, Vec<syn::Error>)> {
        if !input.peek(token::Paren) {
            return Err(syn::Error::new(word.span(), FORM));
        }
        let list;
        syn::parenthesized!(list in input);
        let mut errors = Vec::new();
        let Listed { span, names } = flow::names(word, list.parse()?, "a stage", &mut errors);
        if names.len() < 2 && errors.is_empty() {
            errors.push(syn::Error::new(span, FORM));
        }
        Ok((Stages { names, span }, errors))
    }

    /// The position of a stage in the order.
    pub(crate) fn position(&self, stage: &Ident) -> Option<usize> {
        self.names.iter().position(|name| name == stage)
    }
}

impl KnownAt {
    /// Reads the value of `known_at = departure`.
    pub(super) fn read(name: &Ident, value: TokenStream, errors: &mut Diagnostics) -> KnownAt {
        let stage = flow::name(value, name.span(), "a stage");
        KnownAt { stage: errors.ok(stage), span: name.span() }
    }
}
