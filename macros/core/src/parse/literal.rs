//! Words in single quotes, `'relu'`, which rustc has reported as a character of several letters.

use proc_macro2::{Ident, Literal, TokenStream, TokenTree};

use super::trees::regroup;

/// The tokens with the words in their places, and the first of the literals.
pub(crate) fn without_quotes(tokens: TokenStream, reported: &mut Option<Literal>) -> TokenStream {
    let words = tokens.into_iter().map(|tree| match tree {
        TokenTree::Literal(literal) => {
            let text = literal.to_string();
            let Some(word) = quoted(&text) else { return TokenTree::Literal(literal) };
            let span = literal.span();
            reported.get_or_insert(literal.clone());
            match is_name(word) {
                true => TokenTree::Ident(Ident::new(word, span)),
                false => TokenTree::Literal(literal),
            }
        }
        TokenTree::Group(group) => regroup(&group, without_quotes(group.stream(), reported)),
        other => other,
    });
    words.collect()
}

/// What stands in single quotes, if it is no character.
fn quoted(literal: &str) -> Option<&str> {
    let inner = literal.strip_prefix('\'')?.strip_suffix('\'')?;
    (inner.chars().count() > 1 && !inner.starts_with('\\')).then_some(inner)
}

fn is_name(text: &str) -> bool {
    let mut letters = text.chars();
    let first = letters.next().is_some_and(|first| first.is_ascii_alphabetic());
    first && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}
