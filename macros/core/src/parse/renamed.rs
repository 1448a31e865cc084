//! `#[renamed(old_name)]`: what a field was called in saved models.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::{
    ext::IdentExt,
    parse::{ParseStream, Parser},
    punctuated::Punctuated,
    spanned::Spanned,
    Attribute, Meta, Token,
};

use super::attribute;
use crate::diagnostics::Diagnostics;

const FORM: &str = "expected the names that the field had in saved models, the oldest first and \
                    without quotes: `#[renamed(old_name)]`";

/// Whether it is the attribute.
pub(super) fn is_one(attribute: &Attribute) -> bool {
    attribute.path().is_ident("renamed")
}

/// The names of all such attributes of a field.
pub(super) fn read_all(attributes: &[Attribute], errors: &mut Diagnostics) -> Vec<Ident> {
    attributes.iter().filter_map(|attribute| errors.ok(read(attribute))).flatten().collect()
}

fn read(attribute: &Attribute) -> syn::Result<Vec<Ident>> {
    let wrong = |span| syn::Error::new(span, FORM);
    let Meta::List(list) = &attribute.meta else { return Err(wrong(attribute.path().span())) };
    let parser = |input: ParseStream<'_>| {
        Punctuated::<Ident, Token![,]>::parse_terminated_with(input, |input| {
            input.call(Ident::parse_any)
        })
    };
    let names = parser.parse2(list.tokens.clone()).map_err(|error| match error.span() {
        _ if list.tokens.is_empty() => wrong(attribute.path().span()),
        span => wrong(span),
    })?;
    match names.is_empty() {
        true => Err(wrong(attribute.path().span())),
        false => Ok(names.into_iter().collect()),
    }
}

/// The entries of another attribute without `renamed`, which is reported as one of its own.
pub(super) fn without(tokens: TokenStream, errors: &mut Diagnostics) -> TokenStream {
    let is_renamed = |entry: &TokenStream| {
        let mut trees = entry.clone().into_iter();
        let (first, next) = (trees.next(), trees.next());
        let word = match first {
            Some(TokenTree::Ident(word)) if word == "renamed" => word,
            _ => return None,
        };
        matches!(next, Some(TokenTree::Punct(mark)) if mark.as_char() == '=').then_some(word)
    };
    let entries = attribute::entries(tokens.clone());
    let found: Vec<Ident> = entries.iter().filter_map(is_renamed).collect();
    if found.is_empty() {
        return tokens;
    }
    for word in found {
        let text =
            "`renamed` is an attribute of its own: write `#[renamed(old_name)]` on the field";
        errors.at(word.span(), text);
    }
    let others = entries.into_iter().filter(|entry| is_renamed(entry).is_none());
    let others: Vec<TokenStream> = others.collect();
    quote::quote!(#(#others),*)
}
