//! The common syntax of the DSL's attributes: a list of entries, each a word, a call or a value.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::{
    parse::{ParseStream, Parser},
    spanned::Spanned,
    Attribute, Meta, Token, Type,
};

use crate::diagnostics::Diagnostics;

/// The attributes of the DSL.
pub(super) const OURS: [&str; 7] =
    ["input", "merge", "from", "derived", "branch", "output", "renamed"];

/// Whether an attribute belongs to the DSL.
pub(crate) fn is_ours(attribute: &Attribute) -> bool {
    OURS.iter().any(|ours| attribute.path().is_ident(ours))
}

/// An entry of an attribute's list.
pub(super) struct Entry {
    pub(super) name: Ident,
    pub(super) form: Form,
}

/// The syntax of an entry.
pub(super) enum Form {
    /// `name`
    Word,
    /// `name(...)`
    Call(TokenStream),
    /// `name = ...`
    Value(TokenStream),
}

/// The tokens between the parentheses of `#[name(...)]`; empty for `#[name]`.
pub(super) fn arguments(attribute: &Attribute) -> syn::Result<TokenStream> {
    match &attribute.meta {
        Meta::Path(_) => Ok(TokenStream::new()),
        Meta::List(list) => Ok(list.tokens.clone()),
        Meta::NameValue(value) => Err(syn::Error::new(
            value.eq_token.span(),
            "expected arguments in parentheses, not `= ...`",
        )),
    }
}

/// The entries of a list; unreadable entries are reported and omitted.
pub(super) fn read(tokens: TokenStream, errors: &mut Diagnostics) -> Vec<Entry> {
    entries(tokens).into_iter().filter_map(|tokens| read_entry(tokens, errors)).collect()
}

/// One of [`entries`]; `None` after reporting that it is unreadable.
pub(super) fn read_entry(tokens: TokenStream, errors: &mut Diagnostics) -> Option<Entry> {
    errors.ok(entry.parse2(tokens))
}

fn entry(input: ParseStream<'_>) -> syn::Result<Entry> {
    let name: Ident = input.call(syn::ext::IdentExt::parse_any)?;
    let form = if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        let value: TokenStream = input.parse()?;
        if value.is_empty() {
            return Err(syn::Error::new(name.span(), format!("`{name} =` lacks its value")));
        }
        Form::Value(value)
    } else if input.peek(syn::token::Paren) {
        let content;
        syn::parenthesized!(content in input);
        Form::Call(content.parse()?)
    } else {
        Form::Word
    };
    match input.is_empty() {
        true => Ok(Entry { name, form }),
        false => Err(input.error("expected a comma")),
    }
}

/// Splits at commas outside `<...>`.
pub(super) fn entries(tokens: TokenStream) -> Vec<TokenStream> {
    let mut entries = vec![TokenStream::new()];
    let mut depth = 0_usize;
    let mut before = ' ';
    for tree in tokens {
        let mark = match &tree {
            TokenTree::Punct(punct) => punct.as_char(),
            _ => ' ',
        };
        match mark {
            '<' => depth += 1,
            '>' if before != '=' && before != '-' => depth = depth.saturating_sub(1),
            _ => {}
        }
        before = mark;
        if mark == ',' && depth == 0 {
            entries.push(TokenStream::new());
        } else if let Some(last) = entries.last_mut() {
            last.extend([tree]);
        }
    }
    entries.retain(|entry| !entry.is_empty());
    entries
}

/// The token of a type for error spans: its last segment, `Class` in `multi_input::Class<3>`.
pub(super) fn point(ty: &Type) -> Span {
    match ty {
        Type::Path(path) => path.path.segments.last().map_or(ty.span(), |last| last.ident.span()),
        _ => ty.span(),
    }
}

/// Reports an entry with the wrong syntax.
pub(super) fn expected(name: &Ident, form: &str, errors: &mut Diagnostics) {
    errors.at(name.span(), format!("`{name}` is written `{form}`"));
}

/// Puts `value` into `slot`; reports a second value.
pub(super) fn once<T>(
    slot: &mut Option<T>,
    value: T,
    name: &str,
    at: Span,
    errors: &mut Diagnostics,
) {
    if slot.replace(value).is_some() {
        errors.at(at, format!("`{name}` is given twice"));
    }
}
