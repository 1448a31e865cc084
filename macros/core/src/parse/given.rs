//! The arguments of a call: `64, relu, l2 = 1e-4`. Where Rust's grammar refuses one and it is clear
//! what is meant, the mistake is reported and the argument is what is meant.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    parse::{Parse, ParseStream, Parser},
    punctuated::Punctuated,
    spanned::Spanned,
    Expr, Token,
};

use super::attribute::listed;
use crate::{diagnostics::Diagnostics, text::compact};

/// `value` or `name = value`.
pub(super) struct Given {
    pub(super) name: Option<Ident>,
    pub(super) value: Expr,
}

impl Parse for Given {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let named = input.peek(syn::Ident) && input.peek2(Token![=]) && !input.peek2(Token![==]);
        let name = if named {
            let name = input.parse()?;
            input.parse::<Token![=]>()?;
            Some(name)
        } else {
            None
        };
        Ok(Given { name, value: input.parse()? })
    }
}

/// Reads the arguments in the parentheses of a call; `None` after reporting mistakes that leave a doubt.
pub(super) fn read(tokens: TokenStream, errors: &mut Diagnostics) -> Option<Vec<Given>> {
    if let Ok(given) = Punctuated::<Given, Token![,]>::parse_terminated.parse2(tokens.clone()) {
        return Some(given.into_iter().collect());
    }
    let before = errors.guesses();
    let entries = listed(tokens, errors);
    let read = entries
        .into_iter()
        .map(|entry| errors.unless_guessed(before, |errors| of_entry(entry, errors)));
    read.collect::<Vec<_>>().into_iter().collect()
}

/// An argument.
pub(super) fn of_entry(entry: TokenStream, errors: &mut Diagnostics) -> Option<Given> {
    if let Ok(given) = Given::parse.parse2(entry.clone()) {
        return Some(given);
    }
    let (name, value) = name_and_value(&entry);
    if let (Some(name), true) = (&name, value.is_empty()) {
        errors.at(name.span(), format!("`{name} =` lacks its value"));
        return None;
    }
    if let (Some(name), Some(at)) = (&name, colon(&entry)) {
        let text = format!("`{name}` takes its value behind `=`: `{name} = {}`", compact(&value));
        errors.guess(at, text);
        return Some(Given { value: expression(&value)?, name: Some(name.clone()) });
    }
    let (found, at) = (compact(&value), value.span());
    match expression(&value) {
        Some(number) => {
            let text =
                format!("a number begins with a digit: write `{}`", number.to_token_stream());
            errors.guess(at, text);
            Some(Given { name, value: number })
        }
        None => {
            let text = match &name {
                Some(name) => format!("expected a value for `{name}`; found `{found}`"),
                None => format!("expected a value, or `name = value`; found `{found}`"),
            };
            errors.at(at, text);
            None
        }
    }
}

/// `name` of `name = value` and `name: value`, and the value.
fn name_and_value(entry: &TokenStream) -> (Option<Ident>, TokenStream) {
    let mut trees = entry.clone().into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Ident(name)), Some(TokenTree::Punct(mark)))
            if matches!(mark.as_char(), '=' | ':')
                && mark.spacing() != proc_macro2::Spacing::Joint =>
        {
            (Some(name), trees.collect())
        }
        _ => (None, entry.clone()),
    }
}

/// The colon behind the name of an entry.
fn colon(entry: &TokenStream) -> Option<Span> {
    match entry.clone().into_iter().nth(1) {
        Some(TokenTree::Punct(mark)) if mark.as_char() == ':' => Some(mark.span()),
        _ => None,
    }
}

/// A value, or the number that is meant by `.5`.
fn expression(value: &TokenStream) -> Option<Expr> {
    if let Ok(value) = syn::parse2(value.clone()) {
        return Some(value);
    }
    let mut trees = value.clone().into_iter();
    let (dot, number) = (trees.next()?, trees.next()?);
    let is_number = matches!((&dot, &number, trees.next()),
        (TokenTree::Punct(dot), TokenTree::Literal(_), None) if dot.as_char() == '.');
    let text = is_number.then(|| format!("0.{number}"))?;
    let mut literal: proc_macro2::Literal = text.parse().ok()?;
    literal.set_span(number.span());
    syn::parse2(literal.into_token_stream()).ok()
}
