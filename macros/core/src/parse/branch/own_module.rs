//! A module of the user's own with the sizes that it gives: `my::Gate<64> => [64]`.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use syn::{parse::Parser, punctuated::Punctuated, spanned::Spanned, Expr, Token, Type};

use super::{Layer, LayerKind};
use crate::{
    diagnostics::Diagnostics,
    parse::{
        attribute::point,
        number::SizeExpr,
        trees::{is_mark, stream, trees_of},
    },
    text::compact,
};

/// An entry that names a type.
pub(super) struct Entry {
    /// The type, also where its claim cannot be read.
    pub(super) module: Option<Type>,
    pub(super) layer: Option<Layer>,
}

/// Reads an entry that is no layer of ours, and reports its mistakes.
pub(super) fn read(entry: TokenStream, errors: &mut Diagnostics) -> Entry {
    let trees = trees_of(entry.clone());
    let (head, arrow, claim) = parts(&trees);
    let (head, arguments) = without_arguments(head);
    let name = compact(&stream(head));
    let module = syn::parse2::<Type>(stream(head)).ok().filter(|_| !name.is_empty());
    let Some(ty) = &module else {
        let text = match name.as_str() {
            "" => EXPECTED.to_owned(),
            _ => format!("{EXPECTED}; found `{}`", compact(&entry).trim()),
        };
        errors.at(entry.span(), text);
        return Entry { module, layer: None };
    };
    let span = point(ty);
    if let Type::TraitObject(_) | Type::ImplTrait(_) | Type::Infer(_) | Type::Never(_) = ty {
        errors.at(span, format!("a module of your own is a type with a name; `{name}` has none"));
        return Entry { module: None, layer: None };
    }
    if let Some(arguments) = arguments {
        let given = compact(&arguments.stream());
        let sizes = sizes(claim).unwrap_or_else(|| "64".to_owned());
        let generic = match given.is_empty() || head.last().is_some_and(|last| is_mark(last, '>')) {
            true => String::new(),
            false => format!(", or `{name}<{given}> => [{sizes}]` if it has parameters"),
        };
        let text = format!(
            "a module of your own is named by its type: write `{name} => [{sizes}]`{generic}"
        );
        errors.at(arguments.span_open(), text);
        return Entry { module, layer: None };
    }
    let mistake = match (arrow, claim) {
        (Arrow::None, _) => Some((span, format!("{EXPECTED_SIZES}`{name} => [64]`"))),
        (Arrow::Right(at), []) => Some((at, format!("{EXPECTED_SIZES}`{name} => [64]`"))),
        (Arrow::Right(_), [TokenTree::Group(group)]) if is_list(group) => None,
        (Arrow::Right(_), [TokenTree::Group(group), next, ..]) if is_list(group) => {
            let sizes = compact(&group.stream());
            Some((next.span(), format!("expected a comma behind `{name} => [{sizes}]`")))
        }
        (arrow, claim) => {
            let at = match arrow {
                Arrow::Wrong(at) => at,
                _ => claim[0].span(),
            };
            let sizes = sizes(claim).unwrap_or_else(|| "64".to_owned());
            let text = format!("write the sizes that `{name}` gives as `{name} => [{sizes}]`");
            Some((at, text))
        }
    };
    if let Some((at, text)) = mistake {
        errors.at(at, text);
        return Entry { module, layer: None };
    }
    let shape = claim.first().and_then(|list| shape(list, errors));
    let layer = shape.map(|shape| Layer {
        kind: LayerKind::Custom { module: Box::new(ty.clone()), shape },
        text: name,
        span,
    });
    Entry { module, layer }
}

const EXPECTED: &str =
    "expected a layer such as `Dense(64, relu)`, or a module of your own with the \
                        sizes that it gives, `my::Gate<64> => [64]`";

const EXPECTED_SIZES: &str =
    "expected a layer such as `Dense(64, relu)`, or a module of your own with \
                              the sizes it gives: ";

/// What stands between the type and the claim.
#[derive(Clone, Copy)]
enum Arrow {
    None,
    /// `=>`
    Right(Span),
    /// `->`, `=`, `:`, or nothing before brackets.
    Wrong(Span),
}

/// The type, the arrow and the claim.
fn parts(trees: &[TokenTree]) -> (&[TokenTree], Arrow, &[TokenTree]) {
    let mut depth = 0_usize;
    for (position, tree) in trees.iter().enumerate() {
        let TokenTree::Punct(mark) = tree else { continue };
        let is_next = |letter| trees.get(position + 1).is_some_and(|tree| is_mark(tree, letter));
        let is_behind = |letter| {
            let before = position.checked_sub(1).map(|before| &trees[before]);
            before.is_some_and(|tree| is_mark(tree, letter))
        };
        let (arrow, width) = match mark.as_char() {
            '=' if is_next('>') => (Arrow::Right(mark.span()), 2),
            '-' if is_next('>') => (Arrow::Wrong(mark.span()), 2),
            '=' => (Arrow::Wrong(mark.span()), 1),
            ':' if !is_next(':') && !is_behind(':') => (Arrow::Wrong(mark.span()), 1),
            '<' => {
                depth += 1;
                continue;
            }
            '>' if !is_behind('-') => {
                depth = depth.saturating_sub(1);
                continue;
            }
            _ => continue,
        };
        if depth == 0 {
            return (&trees[..position], arrow, &trees[position + width..]);
        }
    }
    match trees {
        [head @ .., TokenTree::Group(group)] if !head.is_empty() && is_list(group) => {
            (head, Arrow::Wrong(group.span_open()), &trees[head.len()..])
        }
        _ => (trees, Arrow::None, &[]),
    }
}

/// The path of `Gate(8)`, `Gate::new(8)` or `Gate { size: 8 }`, and what is given to it.
fn without_arguments(head: &[TokenTree]) -> (&[TokenTree], Option<&Group>) {
    let [path @ .., TokenTree::Group(given)] = head else { return (head, None) };
    let is_given = matches!(given.delimiter(), Delimiter::Parenthesis | Delimiter::Brace);
    if !is_given || path.is_empty() {
        return (head, None);
    }
    match path {
        [ty @ .., first, second, TokenTree::Ident(function)]
            if is_mark(first, ':')
                && is_mark(second, ':')
                && function.to_string().starts_with(char::is_lowercase) =>
        {
            (ty, Some(given))
        }
        _ => (path, Some(given)),
    }
}

/// The sizes of `(4)`, `4`, `[f32; 4]`, `{4}` or `Rank1<4>`.
fn sizes(claim: &[TokenTree]) -> Option<String> {
    match claim {
        [TokenTree::Group(group)] => {
            let content = trees_of(group.stream());
            let sizes = match content.iter().position(|tree| is_mark(tree, ';')) {
                Some(end) => &content[end + 1..],
                None => &content,
            };
            (!sizes.is_empty()).then(|| compact(&stream(sizes)))
        }
        [TokenTree::Literal(number)] => {
            Some(number.to_string().trim_matches(['"', '[', ']']).to_owned())
        }
        [TokenTree::Ident(_), open, inner @ .., close]
            if is_mark(open, '<') && is_mark(close, '>') =>
        {
            Some(compact(&stream(inner)))
        }
        [TokenTree::Ident(name)] if name.to_string().chars().all(|c| !c.is_lowercase()) => {
            Some(name.to_string())
        }
        _ => None,
    }
}

/// Whether a group is `[..]`, and no array type.
fn is_list(group: &Group) -> bool {
    group.delimiter() == Delimiter::Bracket
        && !group.stream().into_iter().any(|tree| is_mark(&tree, ';'))
}

/// The sizes in `[64, 3]`.
fn shape(list: &TokenTree, errors: &mut Diagnostics) -> Option<Vec<SizeExpr>> {
    let TokenTree::Group(group) = list else { return None };
    let sizes = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(group.stream());
    let Ok(sizes) = sizes else {
        let found = compact(&group.stream());
        errors.at(list.span(), format!("expected sizes such as `[64]`; found `[{found}]`"));
        return None;
    };
    if sizes.is_empty() {
        errors.at(list.span(), "a module gives at least one number: `=> [1]`");
        return None;
    }
    let mut shape: Option<Vec<SizeExpr>> =
        sizes.iter().map(|size| errors.ok(SizeExpr::read(size))).collect();
    shape.iter_mut().flatten().for_each(|size| size.require(errors));
    shape
}
