//! `stages(booking, departure, arrival)`: the order of the times at which inputs are known and
//! predictions are made; and `known_at = departure` on an input or output.

use proc_macro2::{Ident, Span, TokenStream};

use super::{
    attribute::{self, once, Form},
    node_names::{self, Listed},
};
use crate::diagnostics::Diagnostics;

/// The stages of a model, the first one first.
#[derive(Clone)]
pub(crate) struct Stages {
    pub(crate) names: Vec<Ident>,
    /// Whether all of it could be read.
    pub(crate) is_read: bool,
}

/// The stage of an input or output.
#[derive(Clone)]
pub(crate) struct KnownAt {
    /// `None` if it could not be read.
    pub(crate) stage: Option<Ident>,
    /// The option's name.
    pub(crate) span: Span,
}

impl Stages {
    /// Reads what follows the word `stages`.
    pub(super) fn read(word: &Ident, form: Form, errors: &mut Diagnostics) -> Stages {
        let expected = "`stages` lists two or more stages in their order: \
                        `stages(booking, departure)`";
        let (tokens, is_call) = match form {
            Form::Call(tokens) => (tokens, true),
            Form::Value(tokens) => (attribute::without_brackets(tokens), false),
            Form::Word => (TokenStream::new(), true),
        };
        let Listed { names, mut is_read, .. } = node_names::names(word, tokens, "a stage", errors);
        if is_read && !(is_call && names.len() > 1) {
            errors.at(word.span(), expected);
            is_read = names.len() > 1;
        }
        Stages { names, is_read }
    }

    /// Stages that could not be read.
    pub(super) fn unread() -> Stages {
        Stages { names: Vec::new(), is_read: false }
    }

    /// The position of a stage in the order.
    pub(crate) fn position(&self, stage: &Ident) -> Option<usize> {
        self.names.iter().position(|name| name == stage)
    }
}

impl KnownAt {
    /// Reads `known_at = departure`.
    pub(super) fn read(
        word: &Ident,
        form: Form,
        slot: &mut Option<KnownAt>,
        errors: &mut Diagnostics,
    ) {
        let span = word.span();
        let stage = match form {
            Form::Value(value) => node_names::name(value, span, "a stage", errors),
            Form::Call(value) => {
                let stage = node_names::name(value, span, "a stage", errors);
                let text = stage.iter().map(|stage| format!("write `known_at = {stage}`"));
                text.for_each(|text| errors.at(span, text));
                stage
            }
            Form::Word => {
                errors.at(span, "`known_at` lacks its stage: `known_at = booking`");
                None
            }
        };
        once(slot, KnownAt { stage, span }, "known_at", span, errors);
    }
}
