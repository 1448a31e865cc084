//! The attributes of a field: ours, those that are meant to be ours, such as `#[target(...)]` or
//! `#[concat(...)]`, and all others.

use multi_input_spec::names::{find, Kind, ATTRIBUTES, INPUT_OPTIONS, OUTPUT_OPTIONS};
use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned, ToTokens};
use syn::{spanned::Spanned, Attribute, Ident, MacroDelimiter, Meta};

use super::attribute::{without_brackets, OURS};
use crate::{diagnostics::Diagnostics, suggest::nearest, text::compact};

/// An attribute of ours.
pub(super) struct Written {
    /// One of [`OURS`].
    pub(super) word: &'static str,
    /// The name as the user wrote it.
    pub(super) span: Span,
    /// What stands between the parentheses.
    pub(super) tokens: TokenStream,
    /// Whether a mistake in it has been reported; it is read as what is meant.
    pub(super) is_reported: bool,
}

/// The attributes of compilers and of other libraries' derives, which are no slips for ours.
const FOREIGN: &[&str] = &[
    "doc",
    "serde",
    "allow",
    "expect",
    "warn",
    "deny",
    "forbid",
    "deprecated",
    "cfg",
    "cfg_attr",
    "default",
    "error",
    "arg",
    "clap",
    "builder",
    "validate",
    "schemars",
    "schema",
    "sqlx",
    "diesel",
    "must_use",
    "inline",
    "repr",
    "test",
    "rustfmt",
    "clippy",
    "debug",
    "display",
    "getset",
];

/// Separates the attributes of ours, in the order of the field, from the others.
pub(super) fn read(
    attributes: Vec<Attribute>,
    errors: &mut Diagnostics,
) -> (Vec<Written>, Vec<Attribute>) {
    let (mut ours, mut others) = (Vec::new(), Vec::new());
    for attribute in attributes {
        match written(&attribute, errors) {
            Some(written) => ours.push(written),
            None => others.push(attribute),
        }
    }
    (ours, others)
}

/// Takes the first unknown attribute from those of a node without a source, and reports it.
pub(super) fn take_unknown(others: &mut Vec<Attribute>, errors: &mut Diagnostics) -> bool {
    let is_foreign = |attribute: &Attribute| {
        let first = attribute.path().segments.first().map(|part| part.ident.to_string());
        first.is_none_or(|first| FOREIGN.contains(&first.as_str()))
    };
    let Some(position) = others.iter().position(|attribute| !is_foreign(attribute)) else {
        return false;
    };
    let attribute = others.remove(position);
    let given = compact(&attribute.path().to_token_stream());
    errors.guess(
        attribute.path().span(),
        format!(
            "a node has no attribute `{given}`; it is fed by `#[input]`, `#[merge(...)]`, \
             `#[from(...)]` or `#[derived(...)]`"
        ),
    );
    true
}

fn written(attribute: &Attribute, errors: &mut Diagnostics) -> Option<Written> {
    let path = attribute.path();
    let segments: Vec<String> = path.segments.iter().map(|part| part.ident.to_string()).collect();
    let (name, is_plain) = match segments.as_slice() {
        [name] if path.leading_colon.is_none() => (name.as_str(), true),
        [.., name] if segments[0] == "multi_input" => (name.as_str(), false),
        _ => return None,
    };
    let span = path.segments.last()?.ident.span();
    if let Some(word) = OURS.into_iter().find(|ours| *ours == name) {
        let (tokens, mut mistake) = contents(attribute, word);
        if !is_plain {
            mistake = Some(format!("write `#[{word}]` without a path: the model reads it itself"));
        }
        if let Some(text) = &mistake {
            errors.guess(span, text);
        }
        return Some(Written { word, span, tokens, is_reported: mistake.is_some() });
    }
    if FOREIGN.contains(&name) {
        return None;
    }
    let (tokens, _) = contents(attribute, name);
    let (word, tokens) = meant(name, span, attribute, tokens)?;
    let given = compact(&attribute.path().to_token_stream());
    let hint = match ATTRIBUTES.iter().any(|row| row.0 == name || find(&[*row], name).is_some()) {
        true if word.eq_ignore_ascii_case(name) => format!("did you mean `{word}`?"),
        true => format!("it is called `{word}` here"),
        false if nearest(name, [word]).is_some() => format!("did you mean `{word}`?"),
        false => format!("write `#[{word}({})]`", compact(&tokens)),
    };
    errors.guess(attribute.path().span(), format!("a node has no attribute `{given}`; {hint}"));
    Some(Written { word, span, tokens, is_reported: true })
}

/// The tokens between the parentheses of `#[name(...)]`, empty for `#[name]`, and a mistake in the form.
fn contents(attribute: &Attribute, name: &str) -> (TokenStream, Option<String>) {
    match &attribute.meta {
        Meta::Path(_) => (TokenStream::new(), None),
        Meta::List(list) => {
            let inner = compact(&list.tokens);
            let is_round = matches!(list.delimiter, MacroDelimiter::Paren(_));
            let text =
                (!is_round).then(|| format!("write round parentheses: `#[{name}({inner})]`"));
            (list.tokens.clone(), text)
        }
        Meta::NameValue(value) => {
            let value = value.value.to_token_stream();
            let tokens = without_brackets(value);
            let inner = match (name, is_word(&tokens)) {
                ("output", true) => format!("loss = {tokens}"),
                _ => compact(&tokens),
            };
            let text =
                format!("`{name}` takes what it is about in parentheses: `#[{name}({inner})]`");
            (tokens, Some(text))
        }
    }
}

fn is_word(tokens: &TokenStream) -> bool {
    let mut trees = tokens.clone().into_iter();
    matches!((trees.next(), trees.next()), (Some(TokenTree::Ident(_)), None))
}

/// The attribute that is meant by `name`, with its contents: `#[target(..)]` is `#[output(..)]`, and
/// `#[concat(a, b)]` is `#[merge(concat(a, b))]`.
fn meant(
    name: &str,
    span: Span,
    attribute: &Attribute,
    tokens: TokenStream,
) -> Option<(&'static str, TokenStream)> {
    if let Some(word) = find(ATTRIBUTES, name) {
        return Some((word, tokens));
    }
    let call = |name: &str| {
        let name = Ident::new(name, span);
        match &attribute.meta {
            Meta::Path(_) => quote!(#name),
            Meta::NameValue(_) | Meta::List(_) => quote_spanned!(span=> #name(#tokens)),
        }
    };
    let value = |name: &str| {
        let name = Ident::new(name, span);
        quote_spanned!(span=> #name = #tokens)
    };
    if let Some(name) = Kind::Merge.find(name) {
        return Some(("merge", call(name)));
    }
    if let Some(name) = Kind::Step.find(name) {
        return Some(("input", call(name)));
    }
    if let Some(name) = Kind::Derivation.find(name) {
        return Some(("derived", call(name)));
    }
    if let Some(name) = Kind::Layer.find(name).or_else(|| Kind::Activation.find(name)) {
        return Some(("branch", call(name)));
    }
    match find(OUTPUT_OPTIONS, name) {
        Some(name @ ("loss" | "weight")) => return Some(("output", value(name))),
        Some(name) => return Some(("output", call(name))),
        None => {}
    }
    if let Some(name) = Kind::Loss.find(name) {
        let loss = Ident::new(name, span);
        return Some(("output", quote!(loss = #loss)));
    }
    if let Some(name) = find(INPUT_OPTIONS, name) {
        return Some(("input", call(name)));
    }
    nearest(name, OURS).map(|(_, word)| (word, tokens))
}
