//! The annotated item. rustc reads it before the macro does, so it has reported already what is no
//! Rust; the item is read as it was meant, and nothing is said twice.

use std::iter::Peekable;

use multi_input_spec::names::{Kind, INPUT_OPTIONS, INPUT_RULES};
use proc_macro2::{token_stream::IntoIter, Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::{quote, ToTokens};
use syn::{Item, Meta, Type};

use super::{
    attribute::OURS,
    trees::{is_mark, is_word, mark, regroup},
};
use crate::text::camel_case;

/// Reads an item; where it is none, as it was meant. If it cannot be read at all, what it is called.
pub(super) fn read(tokens: TokenStream) -> Result<Meant, Ident> {
    if let Ok(item) = syn::parse2(tokens.clone()) {
        let is_unread = nameless(&item);
        return Ok(Meant { item, is_unread });
    }
    let mut mender = Mender::default();
    let meant = mender.item(tokens);
    let Mender { name, is_unread, .. } = mender;
    match syn::parse2(meant) {
        Ok(item) => Ok(Meant { item, is_unread }),
        Err(_) => Err(name.unwrap_or_else(|| Ident::new("_", Span::call_site()))),
    }
}

/// An item as it was meant.
pub(super) struct Meant {
    pub(super) item: Item,
    /// Whether rustc leaves a field out of what is written, so that it says nothing of the struct's fields.
    pub(super) is_unread: bool,
}

/// Whether a field is called `_`.
fn nameless(item: &Item) -> bool {
    let Item::Struct(item) = item else { return false };
    item.fields.iter().any(|field| field.ident.as_ref().is_some_and(|name| name == "_"))
}

/// Mends the fields of a struct.
#[derive(Default)]
struct Mender {
    name: Option<Ident>,
    /// The keywords that name fields, and the names that the fields got for them.
    keywords: Vec<(Ident, Ident)>,
    is_unread: bool,
}

impl Mender {
    /// A struct with mended fields.
    fn item(&mut self, tokens: TokenStream) -> TokenStream {
        let mut is_named = false;
        let mended = tokens.into_iter().map(|tree| match tree {
            TokenTree::Ident(word) if is_named && self.name.is_none() => {
                let word = if is_keyword(&word) { as_type(&word) } else { word };
                self.name = Some(word.clone());
                TokenTree::Ident(word)
            }
            TokenTree::Ident(word) => {
                is_named |= word == "struct";
                TokenTree::Ident(word)
            }
            TokenTree::Group(group)
                if self.name.is_some() && group.delimiter() == Delimiter::Brace =>
            {
                regroup(&group, self.fields(group.stream()))
            }
            other => other,
        });
        mended.collect()
    }

    /// The fields of a struct, as they were meant.
    fn fields(&mut self, body: TokenStream) -> TokenStream {
        let mut trees = body.into_iter().peekable();
        let mut mended = TokenStream::new();
        while trees.peek().is_some() {
            let before = self.before_the_name(&mut trees);
            let Some(name) = self.field_name(&mut trees) else { continue };
            // `name = Type` and `name Type`.
            if trees.next_if(|tree| is_mark(tree, ':') || is_mark(tree, '=')).is_none() {
                self.is_unread = true;
            }
            let ty = self.ty(field_type(&mut trees));
            mended.extend(quote!(#before #name: #ty,));
        }
        rename(mended, &self.keywords)
    }

    /// The attributes and the visibility of a field, without separators and words that are too many.
    fn before_the_name(&mut self, trees: &mut Peekable<IntoIter>) -> TokenStream {
        let mut before = TokenStream::new();
        while let Some(tree) = trees.next_if(|tree| !ends_name(tree)) {
            match tree {
                TokenTree::Punct(hash) if hash.as_char() == '#' => {
                    // `#![...]`
                    trees.next_if(|tree| is_mark(tree, '!'));
                    if let Some(TokenTree::Group(group)) =
                        trees.next_if(|tree| matches!(tree, TokenTree::Group(_)))
                    {
                        let content = regroup(&group, attribute(group.stream()));
                        before.extend(quote!(#hash #content));
                    }
                }
                TokenTree::Ident(word) if word == "pub" => {
                    before.extend([TokenTree::Ident(word)]);
                    before.extend(trees.next_if(|tree| matches!(tree, TokenTree::Group(_))));
                }
                TokenTree::Punct(mark) if matches!(mark.as_char(), ',' | ';') => {}
                TokenTree::Ident(_) => {}
                _ => self.is_unread = true,
            }
            // `let rooms`
            let is_declared = |tree: &TokenTree| {
                ["let", "mut", "const", "static"].iter().any(|word| is_word(tree, word))
            };
            let mut ahead = trees.clone();
            if ahead.next().is_some_and(|tree| is_declared(&tree))
                && matches!(ahead.next(), Some(TokenTree::Ident(_)))
            {
                trees.next();
            }
        }
        before
    }

    /// The name of a field; one for a keyword, and for a literal such as `2nd`.
    fn field_name(&mut self, trees: &mut Peekable<IntoIter>) -> Option<Ident> {
        match trees.next()? {
            TokenTree::Ident(name) if is_keyword(&name) => {
                let meant = as_name(&name);
                self.keywords.push((name, meant.clone()));
                self.is_unread = true;
                Some(meant)
            }
            TokenTree::Ident(name) => {
                self.is_unread |= name == "_";
                Some(name)
            }
            TokenTree::Literal(literal) if trees.peek().is_some_and(|next| is_mark(next, ':')) => {
                let text = literal.to_string();
                let text = text.trim_matches('"');
                let is_number = text.starts_with(|first: char| first.is_ascii_digit());
                self.is_unread |= !is_number;
                let is_plain = |part: char| part.is_ascii_alphanumeric() || part == '_';
                let is_name = !text.is_empty() && text.chars().all(is_plain);
                is_name.then(|| Ident::new(&format!("_{text}"), literal.span()))
            }
            _ => {
                self.is_unread = true;
                None
            }
        }
    }

    /// A type as it was meant.
    fn ty(&mut self, written: TokenStream) -> TokenStream {
        let is_type = |ty: &TokenStream| syn::parse2::<Type>(ty.clone()).is_ok();
        if is_type(&written) {
            return written;
        }
        let meant = in_brackets(array(written.clone()));
        if is_type(&meant) {
            return meant;
        }
        self.is_unread = true;
        without_one(&written, is_type).unwrap_or(meant)
    }
}

/// Whether a name may begin at a tree.
fn ends_name(tree: &TokenTree) -> bool {
    match tree {
        TokenTree::Ident(word) => word != "pub",
        TokenTree::Literal(_) => true,
        _ => false,
    }
}

/// What stands behind the colon of a field: up to a comma or, where it is missing, the attribute of the next
/// field. What stands behind `=` is left out.
fn field_type(trees: &mut Peekable<IntoIter>) -> TokenStream {
    let mut ty = TokenStream::new();
    let (mut depth, mut before, mut is_default) = (0_usize, ' ', false);
    while let Some(tree) = trees.next_if(|tree| depth > 0 || !is_mark(tree, '#')) {
        let mark = mark(&tree);
        match mark {
            '<' => depth += 1,
            '>' if before != '-' => depth = depth.saturating_sub(1),
            ',' | ';' if depth == 0 => break,
            '=' if depth == 0 && !ty.is_empty() => is_default = true,
            _ => {}
        }
        before = mark;
        if !is_default {
            ty.extend([tree]);
        }
    }
    ty
}

/// The content of an attribute, without what is too much. Where its word is missing, the word that what
/// stands in its parentheses is for.
fn attribute(content: TokenStream) -> TokenStream {
    let is_attribute = |content: &TokenStream| syn::parse2::<Meta>(content.clone()).is_ok();
    if is_attribute(&content) {
        return content;
    }
    let is_of_ours = |content: &TokenStream| {
        let meta = syn::parse2::<Meta>(content.clone());
        meta.is_ok_and(|meta| OURS.iter().any(|ours| meta.path().is_ident(ours)))
    };
    let meant = without_one(&content, is_of_ours);
    if let Some(content) = meant.or_else(|| without_one(&content, is_attribute)) {
        return content;
    }
    let group = content.clone().into_iter().find_map(|tree| match tree {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => Some(group),
        _ => None,
    });
    let Some(group) = group else { return quote!(input) };
    let mut trees = group.stream().into_iter();
    let first = trees.next().map_or(String::new(), |tree| tree.to_string());
    let is_alone = trees.next().is_none();
    let is_of_input = |word: &str| {
        Kind::Step.find(word).is_some()
            || INPUT_OPTIONS.iter().chain(INPUT_RULES).any(|row| row.0 == word)
    };
    let word = match first.as_str() {
        "loss" => "output",
        "crossed" => "derived",
        layer if layer.starts_with(char::is_uppercase) => "branch",
        merge if Kind::Merge.find(merge).is_some() => "merge",
        node if is_alone && !is_of_input(node) => "from",
        _ => "input",
    };
    let word = Ident::new(word, group.span());
    quote!(#word #group)
}

/// The tokens without one of them, such that they are what `is_right` says.
fn without_one(
    tokens: &TokenStream,
    is_right: impl Fn(&TokenStream) -> bool,
) -> Option<TokenStream> {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    (0..trees.len()).find_map(|index| {
        let rest = [&trees[..index], &trees[index + 1..]].concat();
        let rest = rest.into_iter().collect();
        is_right(&rest).then_some(rest)
    })
}

/// `[f32; 3;]`, `[f32, 3]`, `[f32 3]` and `[3; f32]` as `[f32; 3]`; other types unchanged.
fn array(ty: TokenStream) -> TokenStream {
    let mended = ty.into_iter().map(|tree| match tree {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
            regroup(&group, element_and_size(group.stream()))
        }
        other => other,
    });
    mended.collect()
}

/// What stands in the brackets of an array's type.
fn element_and_size(written: TokenStream) -> TokenStream {
    let is_end = |tree: &TokenTree| is_mark(tree, ';') || is_mark(tree, ',');
    let is_literal =
        |part: &TokenStream| matches!(part.clone().into_iter().next(), Some(TokenTree::Literal(_)));
    let mut parts: Vec<TokenStream> = vec![TokenStream::new()];
    for tree in written.clone() {
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
    let [first, second] = &parts[..] else { return written };
    let (element, size) = if is_literal(first) { (second, first) } else { (first, second) };
    let element = array(element.clone());
    match syn::parse2::<Type>(element.clone()) {
        Ok(_) => quote!(#element; #size),
        Err(_) => quote!(f32; #size),
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
    word != "_" && syn::parse2::<Ident>(word.to_token_stream()).is_err()
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
