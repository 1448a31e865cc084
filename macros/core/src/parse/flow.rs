//! What an input or output states about the values that reach outputs: `#[input(sensitive)]`,
//! `#[input(only_for(ranking))]`, `#[output(uses_sensitive(age))]`, `#[output(independent_of(age))]`,
//! and `known_at = stage` on both.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use syn::{spanned::Spanned, LitStr};

use super::{
    attribute::{self, once, Form},
    stage::KnownAt,
};
use crate::{diagnostics::Diagnostics, suggest::list, text::compact};

/// Names in parentheses.
#[derive(Clone)]
pub(crate) struct Listed {
    /// The word before the parentheses.
    pub(crate) span: Span,
    pub(crate) names: Vec<Ident>,
    /// Whether no name could not be read.
    pub(crate) is_read: bool,
}

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

/// The names in a list. Names that could not be read are reported and left out, and so are those that
/// occur twice.
pub(super) fn names(
    word: &Ident,
    tokens: TokenStream,
    what: &str,
    errors: &mut Diagnostics,
) -> Listed {
    let mut listed = Listed { span: word.span(), names: Vec::new(), is_read: true };
    for entry in attribute::entries(tokens) {
        match name(entry, word.span(), what, errors) {
            Some(name) if listed.names.contains(&name) => {
                errors.at(name.span(), format!("`{word}` names `{name}` twice"));
            }
            Some(name) => listed.names.push(name),
            None => listed.is_read = false,
        }
    }
    listed
}

/// The name that the tokens are; `what` says of what. One in quotes is reported and taken.
pub(super) fn name(
    tokens: TokenStream,
    at: Span,
    what: &str,
    errors: &mut Diagnostics,
) -> Option<Ident> {
    // Other than a keyword.
    if let Ok(name) = syn::parse2(tokens.clone()) {
        return Some(name);
    }
    let mut trees = tokens.clone().into_iter();
    if let (Some(TokenTree::Group(group)), None) = (trees.next(), trees.next()) {
        // `$name:ident` of a macro.
        if group.delimiter() == Delimiter::None {
            return name(group.stream(), at, what, errors);
        }
    }
    let span = if tokens.is_empty() { at } else { tokens.span() };
    if let Ok(text) = syn::parse2::<LitStr>(tokens.clone()) {
        let word = text.value();
        errors.at(span, format!("expected the name of {what}, without quotes: {}", list([&*word])));
        return syn::parse_str::<Ident>(&word).ok().map(|word| Ident::new(&word.to_string(), span));
    }
    errors.at(span, format!("expected the name of {what}, found `{}`", compact(&tokens)));
    None
}
