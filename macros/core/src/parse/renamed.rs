//! `#[renamed(old_name)]`: what a field was called in saved models.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::{
    ext::IdentExt,
    parse::{ParseStream, Parser},
    punctuated::Punctuated,
    Token,
};

use super::attribute;
use crate::diagnostics::Diagnostics;

const FORM: &str = "expected the names that the field had in saved models, the oldest first and \
                    without quotes: `#[renamed(old_name)]`";

/// Reads the tokens between the parentheses.
pub(super) fn read(tokens: TokenStream, at: Span) -> syn::Result<Vec<Ident>> {
    let parser = |input: ParseStream<'_>| {
        Punctuated::<Ident, Token![,]>::parse_terminated_with(input, |input| {
            input.call(Ident::parse_any)
        })
    };
    let is_empty = tokens.is_empty();
    let names = parser
        .parse2(tokens)
        .map_err(|error| syn::Error::new(if is_empty { at } else { error.span() }, FORM))?;
    match names.is_empty() {
        true => Err(syn::Error::new(at, FORM)),
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
