//! The annotated item. rustc reads it before the macro does, so it has reported already what is no
//! Rust; the item is read as it was meant, and nothing is said twice.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::{quote, ToTokens};
use syn::{Item, Type};

use super::trees::{is_mark, is_name, is_word, mark, regroup};
use crate::text::camel_case;

/// Reads an item; where it is none, as it was meant. If it cannot be read at all, what it is called.
pub(super) fn read(tokens: TokenStream) -> Result<Item, Ident> {
    syn::parse2(tokens.clone()).or_else(|_| {
        let (meant, name) = as_meant(tokens);
        let nameless = || Ident::new("_", Span::call_site());
        syn::parse2(meant).map_err(|_| name.unwrap_or_else(nameless))
    })
}

/// A struct with mended fields, and its name.
fn as_meant(tokens: TokenStream) -> (TokenStream, Option<Ident>) {
    let (mut name, mut is_named) = (None, false);
    let mended = tokens.into_iter().map(|tree| match tree {
        TokenTree::Ident(word) if is_named && name.is_none() => {
            let word = if is_keyword(&word) { as_type(&word) } else { word };
            name = Some(word.clone());
            TokenTree::Ident(word)
        }
        TokenTree::Ident(word) => {
            is_named |= word == "struct";
            TokenTree::Ident(word)
        }
        TokenTree::Group(group) if name.is_some() && group.delimiter() == Delimiter::Brace => {
            regroup(&group, fields(group.stream()))
        }
        other => other,
    });
    let mended = mended.collect();
    (mended, name)
}

/// The fields of a struct, as they were meant.
fn fields(body: TokenStream) -> TokenStream {
    let mut trees = body.into_iter().peekable();
    let (mut mended, mut keywords) = (TokenStream::new(), Vec::new());
    while trees.peek().is_some() {
        // Attributes, separators that are too many, and the visibility.
        while let Some(tree) =
            trees.next_if(|tree| !matches!(tree, TokenTree::Ident(word) if word != "pub"))
        {
            if !matches!(mark(&tree), ',' | ';') {
                mended.extend([tree]);
            }
        }
        if let Some(visibility) =
            trees.next_if(|tree| matches!(tree, TokenTree::Ident(_)) && is_word(tree, "pub"))
        {
            mended.extend([visibility]);
            mended.extend(trees.next_if(|tree| matches!(tree, TokenTree::Group(_))));
        }
        let Some(TokenTree::Ident(name)) =
            trees.next_if(|tree| matches!(tree, TokenTree::Ident(_)))
        else {
            continue;
        };
        let meant = if is_keyword(&name) { as_name(&name) } else { name.clone() };
        if meant != name {
            keywords.push((name.clone(), meant.clone()));
        }
        // `name = Type` and `name Type`.
        trees.next_if(|tree| is_mark(tree, ':') || is_mark(tree, '='));
        let mut ty = TokenStream::new();
        let (mut depth, mut before) = (0_usize, ' ');
        // Up to a comma or, where it is missing, the attribute of the next field.
        while let Some(tree) = trees.next_if(|tree| depth > 0 || !is_mark(tree, '#')) {
            let mark = mark(&tree);
            match mark {
                '<' => depth += 1,
                '>' if before != '-' => depth = depth.saturating_sub(1),
                ',' | ';' if depth == 0 => break,
                _ => {}
            }
            before = mark;
            ty.extend([tree]);
        }
        let ty = if syn::parse2::<Type>(ty.clone()).is_ok() { ty } else { in_brackets(array(ty)) };
        mended.extend(quote!(#meant: #ty,));
    }
    rename(mended, &keywords)
}

/// `[f32; 3;]`, `[f32, 3]` and `[f32 3]` as `[f32; 3]`; other types unchanged.
fn array(ty: TokenStream) -> TokenStream {
    let mut trees = ty.clone().into_iter();
    let (Some(TokenTree::Group(group)), None) = (trees.next(), trees.next()) else { return ty };
    let is_end = |tree: &TokenTree| is_mark(tree, ';') || is_mark(tree, ',');
    let mut parts: Vec<TokenStream> = vec![TokenStream::new()];
    for tree in group.stream() {
        let is_size = matches!(tree, TokenTree::Literal(_)) && parts.len() == 1;
        if is_size && parts.last().is_some_and(|last| !last.is_empty()) {
            parts.push(TokenStream::new());
        }
        match is_end(&tree) {
            true => parts.push(TokenStream::new()),
            false => parts.last_mut().into_iter().for_each(|last| last.extend([tree.clone()])),
        }
    }
    parts.retain(|part| !part.is_empty());
    match &parts[..] {
        [element, size] => regroup(&group, quote!(#element; #size)).to_token_stream(),
        _ => ty,
    }
}

/// `f32?` as `f32` and `Option(f32)` as `Option<f32>`; other types unchanged.
fn in_brackets(ty: TokenStream) -> TokenStream {
    let trees: Vec<TokenTree> = ty.clone().into_iter().collect();
    match &trees[..] {
        // Without a word on what stands in for what may be missing.
        [inner @ .., last] if !inner.is_empty() && is_mark(last, '?') => quote!(#(#inner)*),
        [TokenTree::Ident(name), TokenTree::Group(inner)]
            if inner.delimiter() == Delimiter::Parenthesis =>
        {
            let inner = inner.stream();
            quote!(#name<#inner>)
        }
        _ => ty,
    }
}

/// The keywords in attributes as the names that fields got for them.
fn rename(tokens: TokenStream, keywords: &[(Ident, Ident)]) -> TokenStream {
    if keywords.is_empty() {
        return tokens;
    }
    let renamed = tokens.into_iter().map(|tree| match tree {
        TokenTree::Ident(word) => {
            let meant = keywords.iter().find(|(keyword, _)| *keyword == word);
            let mut meant = meant.map_or(word.clone(), |(_, meant)| meant.clone());
            meant.set_span(word.span());
            TokenTree::Ident(meant)
        }
        TokenTree::Group(group) => regroup(&group, rename(group.stream(), keywords)),
        other => other,
    });
    renamed.collect()
}

fn is_keyword(word: &Ident) -> bool {
    word != "_" && !is_name(word)
}

/// `r#type` for `type`, and `super_` for `super`, which cannot be written so.
fn as_name(keyword: &Ident) -> Ident {
    let (text, span) = (keyword.to_string(), keyword.span());
    match ["self", "Self", "super", "crate"].contains(&text.as_str()) {
        true => Ident::new(&format!("{}_", text.to_lowercase()), span),
        false => Ident::new_raw(&text, span),
    }
}

/// `SelfModel` for `Self`.
fn as_type(keyword: &Ident) -> Ident {
    Ident::new(&camel_case(&format!("{keyword}_model")), keyword.span())
}
