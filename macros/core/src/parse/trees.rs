//! Sequences of tokens.

use std::ops::Range;

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};

/// The mark that a token is, or a space.
pub(super) fn mark(tree: &TokenTree) -> char {
    match tree {
        TokenTree::Punct(punct) => punct.as_char(),
        _ => ' ',
    }
}

/// Whether a token is the mark.
pub(super) fn is_mark(tree: &TokenTree, expected: char) -> bool {
    mark(tree) == expected
}

/// Whether a token is the word.
pub(super) fn is_word(tree: &TokenTree, expected: &str) -> bool {
    matches!(tree, TokenTree::Ident(word) if word == expected)
}

/// Whether a word is no keyword.
pub(super) fn is_name(word: &Ident) -> bool {
    syn::parse_str::<Ident>(&word.to_string()).is_ok()
}

/// A group with other contents. The spans of its parentheses are lost.
pub(crate) fn regroup(group: &Group, content: TokenStream) -> TokenTree {
    let mut new = Group::new(group.delimiter(), content);
    new.set_span(group.span());
    TokenTree::Group(new)
}

/// The comma of a list before which nothing stands.
pub(super) fn empty_place(tokens: &TokenStream) -> Option<Span> {
    let mut before = true;
    for tree in tokens.clone() {
        let is_comma = is_mark(&tree, ',');
        if before && is_comma {
            return Some(tree.span());
        }
        before = is_comma;
    }
    None
}

/// The tokens as a stream.
pub(super) fn stream(trees: &[TokenTree]) -> TokenStream {
    trees.iter().cloned().collect()
}

/// The tokens of a stream.
pub(super) fn trees_of(tokens: TokenStream) -> Vec<TokenTree> {
    tokens.into_iter().collect()
}

/// The pieces between marks, each of one or several characters; no piece is empty. A dot in a path
/// such as `nn.ReLU` does not count.
pub(super) fn split(trees: &[TokenTree], marks: &[&str]) -> Vec<Range<usize>> {
    let (mut pieces, mut start, mut position) = (Vec::new(), 0, 0);
    while position < trees.len() {
        let before = position.checked_sub(1).map(|before| &trees[before]);
        let is_path = matches!(before, Some(TokenTree::Ident(_)));
        let is_here = |mark: &&&str| {
            let mut letters = mark.chars().zip(&trees[position..]);
            let is_long_enough = trees.len() - position >= mark.len();
            let is_dot = **mark == "." && is_path;
            is_long_enough && !is_dot && letters.all(|(letter, tree)| is_mark(tree, letter))
        };
        match marks.iter().find(is_here) {
            Some(mark) => {
                pieces.push(start..position);
                position += mark.len();
                start = position;
            }
            None => position += 1,
        }
    }
    pieces.push(start..trees.len());
    pieces.retain(|piece| !piece.is_empty());
    pieces
}
