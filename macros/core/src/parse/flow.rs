//! What an input or output states about the values that reach outputs: `#[input(sensitive)]`,
//! `#[input(only_for(ranking))]`, `#[output(uses_sensitive(age))]`, `#[output(independent_of(age))]`,
//! and `known_at = stage` on both.

use proc_macro2::{Ident, Span};

use super::{
    attribute::{self, once, Form},
    node_names::{names, Listed},
    stage::KnownAt,
};
use crate::diagnostics::Diagnostics;

/// What an input states.
#[derive(Clone, Default)]
pub(crate) struct InputRules {
    /// The outputs that it may reach; `None` if any.
    pub(crate) only_for: Option<Listed>,
    /// Whether outputs that it reaches have to state it.
    pub(crate) sensitive: Option<Span>,
    /// The stage from which on it is known.
    pub(crate) known_at: Option<KnownAt>,
}

/// What an output states.
#[derive(Clone, Default)]
pub(crate) struct OutputRules {
    /// The sensitive inputs that reach it.
    pub(crate) uses_sensitive: Option<Listed>,
    /// The inputs that do not reach it.
    pub(crate) independent_of: Option<Listed>,
    /// The stage at which it is predicted.
    pub(crate) known_at: Option<KnownAt>,
}

/// Whether an option states a rule, in an input or an output.
pub(super) fn is_rule(name: &Ident) -> bool {
    let known = InputRules::NAMES.into_iter().chain(OutputRules::NAMES);
    known.into_iter().any(|known| name == known)
}

impl InputRules {
    /// The names of the options.
    pub(super) const NAMES: [&'static str; 3] = ["only_for", "sensitive", "known_at"];

    /// Whether it states anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.only_for.is_none() && self.sensitive.is_none() && self.known_at.is_none()
    }

    /// Reads the rule called `name`.
    pub(super) fn read(&mut self, name: &Ident, form: Form, errors: &mut Diagnostics) {
        let at = name.span();
        match (name.to_string().as_str(), form) {
            ("only_for", form) => listed("an output", name, form, &mut self.only_for, errors),
            ("sensitive", form) => {
                if !matches!(form, Form::Word) {
                    errors.at(at, "`sensitive` stands alone: leave what follows it out");
                }
                once(&mut self.sensitive, at, "sensitive", at, errors);
            }
            ("known_at", form) => KnownAt::read(name, form, &mut self.known_at, errors),
            (other, _) if OutputRules::NAMES.contains(&other) => {
                errors
                    .at(at, format!("`{other}` is about an output: write it in `#[output(...)]`"));
            }
            _ => {}
        }
    }
}

impl OutputRules {
    /// The names of the options.
    pub(super) const NAMES: [&'static str; 3] = ["uses_sensitive", "independent_of", "known_at"];

    /// Reads the rule called `name`.
    pub(super) fn read(&mut self, name: &Ident, form: Form, errors: &mut Diagnostics) {
        let what = "an input";
        match (name.to_string().as_str(), form) {
            ("uses_sensitive", form) => {
                listed(what, name, form, &mut self.uses_sensitive, errors);
            }
            ("independent_of", form) => {
                listed(what, name, form, &mut self.independent_of, errors);
            }
            ("known_at", form) => KnownAt::read(name, form, &mut self.known_at, errors),
            (other, _) if InputRules::NAMES.contains(&other) => {
                let text = format!("`{other}` is about an input: write it in `#[input(...)]`");
                errors.at(name.span(), text);
            }
            _ => {}
        }
    }
}

/// Reads `only_for(first, second)`. Of another form the names are taken, too.
fn listed(
    what: &str,
    word: &Ident,
    form: Form,
    slot: &mut Option<Listed>,
    errors: &mut Diagnostics,
) {
    let tokens = match form {
        Form::Call(tokens) if !tokens.is_empty() => names(word, tokens, what, errors),
        Form::Value(tokens) => {
            let mut listed = names(word, attribute::without_brackets(tokens), what, errors);
            if listed.is_read {
                let names: Vec<String> = listed.names.iter().map(Ident::to_string).collect();
                let names = names.join(", ");
                errors.at(word.span(), format!("the names go in parentheses: `{word}({names})`"));
            }
            listed.is_read &= !listed.names.is_empty();
            listed
        }
        Form::Call(_) | Form::Word => {
            errors.at(word.span(), format!("`{word}` needs the name of {what}: `{word}(name)`"));
            Listed { span: word.span(), names: Vec::new(), is_read: false }
        }
    };
    once(slot, tokens, &word.to_string(), word.span(), errors);
}
