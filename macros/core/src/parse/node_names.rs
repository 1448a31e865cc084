//! Names of nodes and stages in a list: `only_for(first, second)`, `stages(first, second)`.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use syn::{spanned::Spanned, LitStr};

use super::attribute;
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
