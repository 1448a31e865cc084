//! One layer, in whatever form it is written: `nn.Linear(64)`, `Dense[64]`, `"relu"`.

use multi_input_spec::Activation;
use proc_macro2::{Delimiter, Ident, Span, TokenTree};
use quote::ToTokens;

use super::LAYERS;
use crate::{
    meaning::{self, Meaning},
    parse::trees::{is_mark, stream, trees_of},
    text::compact,
};

/// Tokens read as a layer.
pub(super) struct Reading {
    /// As it is written here.
    pub(super) text: String,
    /// Its name.
    pub(super) at: Span,
    /// Whether there is a layer or an activation of the name.
    pub(super) is_ours: bool,
    /// What is wrong with it.
    pub(super) mistake: Option<String>,
}

/// Modules of which layers are named in other libraries.
const FOREIGN: [&str; 14] = [
    "nn",
    "torch",
    "tf",
    "tensorflow",
    "keras",
    "layers",
    "layer",
    "F",
    "functional",
    "activations",
    "activation",
    "multi_input",
    "burn",
    "candle_nn",
];

/// Reads one layer, in whatever form.
pub(super) fn reading(trees: &[TokenTree]) -> Option<Reading> {
    if let [quotes @ TokenTree::Literal(_)] = trees {
        let mut layer = reading(&trees_of(quoted(quotes)?.parse().ok()?))?;
        layer.mistake = Some(format!("write `{}` without quotes", layer.text));
        layer.at = quotes.span();
        return Some(layer);
    }
    let (path, name, rest) = path(trees)?;
    let spelt = name.to_string();
    let exact = || LAYERS.iter().flat_map(|kind| kind.names()).find(|known| known.0 == spelt);
    let Meaning { name: meant, hint: near } = match exact() {
        Some(known) => Meaning { name: Some(known.0), hint: String::new() },
        None => meaning::of(LAYERS, &spelt)
            .unwrap_or_else(|| Meaning { name: None, hint: String::new() }),
    };
    let is_path = !path.is_empty();
    let is_foreign = path.first().is_some_and(|root| FOREIGN.contains(&root.to_string().as_str()))
        || path.get(1).is_some_and(|dot| is_mark(dot, '.'));
    // A path in Rust's form is a module of the user's own.
    let is_layer = match is_path {
        true => is_foreign || meant.is_some() && !is_generic(rest),
        false => meant.is_some() || !near.is_empty() && spelt != "Activation",
    };
    if !is_layer {
        return None;
    }
    let (arguments, form) = arguments(rest)?;
    let has_arguments = arguments.as_ref().is_some_and(|arguments| !arguments.is_empty());
    // An activation has none: `Linear(64)` is not `linear`.
    let meant = meant
        .filter(|meant| *meant == spelt || !has_arguments || Activation::named(meant).is_none());
    let shown = meant.map_or_else(|| spelt.clone(), str::to_owned);
    let is_activation = Activation::named(&shown).is_some();
    let text = match arguments.filter(|arguments| !(is_activation && arguments.is_empty())) {
        Some(arguments) => format!("{shown}({arguments})"),
        None => shown,
    };
    let mistake = match (is_path, meant) {
        (true, None) => Some(format!("a layer has no path, and there is no layer `{spelt}`{near}")),
        (true, Some(_)) => Some(format!("write `{text}`, without a path")),
        (false, Some(meant)) if meant == spelt => form.map(|form| format!("{form}: `{text}`")),
        (false, _) => Some(format!("there is no layer `{spelt}`{near}")),
    };
    let is_ours = meant.is_some_and(|meant| meant == spelt);
    Some(Reading { text, at: name.span(), is_ours, mistake })
}

/// The content of a text in quotes that may be a layer.
fn quoted(tree: &TokenTree) -> Option<String> {
    let syn::Lit::Str(text) = syn::parse2(tree.to_token_stream()).ok()? else { return None };
    let text = text.value();
    // What the compiler cannot read as tokens it would report.
    let (mut depth, mut is_closed) = (0_usize, true);
    for letter in text.chars() {
        match letter {
            '(' => depth += 1,
            ')' => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => is_closed = false,
            },
            ' ' | ',' | '.' | '=' | '_' => {}
            letter => is_closed &= letter.is_ascii_alphanumeric(),
        }
    }
    (is_closed && depth == 0).then_some(text)
}

/// The path before a name, `nn.` or `nn::`, the name, and the tokens behind it.
fn path(trees: &[TokenTree]) -> Option<(&[TokenTree], &Ident, &[TokenTree])> {
    let mut end = 0;
    loop {
        let TokenTree::Ident(name) = trees.get(end)? else { return None };
        let rest = &trees[end + 1..];
        end += match rest {
            [dot, TokenTree::Ident(_), ..] if is_mark(dot, '.') => 2,
            [first, second, TokenTree::Ident(_), ..]
                if is_mark(first, ':') && is_mark(second, ':') =>
            {
                3
            }
            _ => return Some((&trees[..end], name, rest)),
        };
    }
}

fn is_generic(trees: &[TokenTree]) -> bool {
    trees.first().is_some_and(|tree| is_mark(tree, '<'))
}

/// What the tokens behind a layer's name say as arguments, and what is wrong with their form.
fn arguments(trees: &[TokenTree]) -> Option<(Option<String>, Option<&'static str>)> {
    const BRACKETS: &str = "write the arguments of a layer in parentheses";
    let content = |group: &proc_macro2::Group| compact(&group.stream());
    match trees {
        [] => Some((None, None)),
        [TokenTree::Group(group)] if group.delimiter() == Delimiter::Parenthesis => {
            Some((Some(content(group)), None))
        }
        [TokenTree::Group(group)] => {
            Some((Some(content(group).replace(':', " = ").replace("=  ", "= ")), Some(BRACKETS)))
        }
        [TokenTree::Literal(number)] => Some((Some(number.to_string()), Some(BRACKETS))),
        [TokenTree::Group(given), TokenTree::Group(_)] => {
            let form = "write a layer without calling it on its input";
            Some((Some(content(given)), Some(form)))
        }
        [open, inner @ .., close] if is_mark(open, '<') && is_mark(close, '>') => {
            Some((Some(compact(&stream(inner))), Some(BRACKETS)))
        }
        [first, second, generic @ ..] if is_mark(first, ':') && is_mark(second, ':') => {
            is_generic(generic).then(|| arguments(generic))?
        }
        [open, inner @ .., close, TokenTree::Group(given)]
            if is_mark(open, '<')
                && is_mark(close, '>')
                && !inner.last().is_some_and(|last| is_mark(last, '=')) =>
        {
            let all = [compact(&stream(inner)), content(given)].join(", ");
            Some((Some(all), Some(BRACKETS)))
        }
        _ => None,
    }
}
