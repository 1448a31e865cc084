//! What an input or output states about the values that reach outputs: `#[input(sensitive)]`,
//! `#[input(only_for(ranking))]`, `#[output(uses_sensitive(age))]`, `#[output(independent_of(age))]`,
//! and `known_at = stage` on both.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::spanned::Spanned;

use super::{
    attribute::{self, once, Entry},
    stage::KnownAt,
};
use crate::{diagnostics::Diagnostics, text::compact};

/// Names in parentheses.
#[derive(Clone)]
pub(crate) struct Listed {
    /// The word before the parentheses.
    pub(crate) span: Span,
    pub(crate) names: Vec<Ident>,
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

impl InputRules {
    /// The names of the options.
    pub(super) const NAMES: [&'static str; 3] = ["only_for", "sensitive", "known_at"];

    /// Whether it states anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.only_for.is_none() && self.sensitive.is_none() && self.known_at.is_none()
    }

    /// Reads an option by its name, one of [`NAMES`](Self::NAMES); `None` after reporting mistakes.
    pub(super) fn read(&mut self, entry: Entry, errors: &mut Diagnostics) -> Option<()> {
        let at = entry.name.span();
        match entry.name.to_string().as_str() {
            "only_for" => list("an output", entry, &mut self.only_for, errors),
            "sensitive" => {
                entry.word(errors)?;
                once(&mut self.sensitive, at, "sensitive", at, errors);
                Some(())
            }
            _ => known_at(entry, &mut self.known_at, errors),
        }
    }
}

impl OutputRules {
    /// The names of the options.
    pub(super) const NAMES: [&'static str; 3] = ["uses_sensitive", "independent_of", "known_at"];

    /// Reads an option by its name, one of [`NAMES`](Self::NAMES); `None` after reporting mistakes.
    pub(super) fn read(&mut self, entry: Entry, errors: &mut Diagnostics) -> Option<()> {
        match entry.name.to_string().as_str() {
            "uses_sensitive" => list("an input", entry, &mut self.uses_sensitive, errors),
            "independent_of" => list("an input", entry, &mut self.independent_of, errors),
            _ => known_at(entry, &mut self.known_at, errors),
        }
    }
}

fn known_at(entry: Entry, slot: &mut Option<KnownAt>, errors: &mut Diagnostics) -> Option<()> {
    let name = entry.name.clone();
    let known = match entry.value("known_at = stage", errors) {
        Some(value) => KnownAt::read(&name, value, errors),
        None => KnownAt { stage: None, span: name.span() },
    };
    once(slot, known, "known_at", name.span(), errors);
    Some(())
}

fn list(
    what: &str,
    entry: Entry,
    slot: &mut Option<Listed>,
    errors: &mut Diagnostics,
) -> Option<()> {
    let name = entry.name.clone();
    let tokens = entry.call(&format!("{name}(first, second)"), errors)?;
    if tokens.is_empty() {
        let text = format!("`{name}` names {what} at least: `{name}(first)`");
        errors.at(name.span(), text);
        return None;
    }
    let mut mistakes = Vec::new();
    let listed = names(&name, tokens, what, &mut mistakes);
    // A list with a mistake in it is not compared with the graph.
    match mistakes.is_empty() {
        true => once(slot, listed, &name.to_string(), name.span(), errors),
        false => mistakes.into_iter().for_each(|mistake| errors.push(mistake)),
    }
    Some(())
}

/// The names in a list, without those that could not be read and those that occur twice.
pub(super) fn names(
    word: &Ident,
    tokens: TokenStream,
    what: &str,
    errors: &mut Vec<syn::Error>,
) -> Listed {
    let mut names: Vec<Ident> = Vec::new();
    for entry in attribute::entries(tokens) {
        match name(entry, word.span(), what) {
            Ok(name) if names.contains(&name) => {
                let text = format!("`{word}` names `{name}` twice");
                errors.push(syn::Error::new(name.span(), text));
            }
            Ok(name) => names.push(name),
            Err(error) => errors.push(error),
        }
    }
    Listed { span: word.span(), names }
}

/// The name that the tokens are; `what` says of what.
pub(super) fn name(tokens: TokenStream, at: Span, what: &str) -> syn::Result<Ident> {
    let mut trees = tokens.clone().into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Ident(_)), None) => {
            // Other than a keyword.
            if let Ok(name) = syn::parse2(tokens.clone()) {
                return Ok(name);
            }
        }
        // `$name:ident` of a macro.
        (Some(TokenTree::Group(group)), None)
            if group.delimiter() == proc_macro2::Delimiter::None =>
        {
            return name(group.stream(), at, what);
        }
        _ => {}
    }
    let span = if tokens.is_empty() { at } else { tokens.span() };
    let text = match syn::parse2::<syn::LitStr>(tokens.clone()) {
        Ok(text) => format!("expected the name of {what}, without quotes: `{}`", text.value()),
        Err(_) => format!("expected the name of {what}, found `{}`", compact(&tokens)),
    };
    Err(syn::Error::new(span, text))
}
