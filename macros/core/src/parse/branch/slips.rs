//! What is meant by an entry of a branch that is not in the form of a layer: `nn.ReLU()`,
//! `Dense[64]`, `Dense(64) -> relu`, `frozen = true`, `shared(rooms)`.

use multi_input_spec::{layer, Activation};
use proc_macro2::{Delimiter, Ident, Punct, Span, TokenStream, TokenTree};
use quote::ToTokens;

use super::LAYERS;
use crate::{
    meaning::{self, Meaning},
    text::compact,
};

/// A mistake and the token that it is at.
pub(super) type Slip = (Span, String);

/// The mistake in an entry; `None` if it is not known what it could mean as a layer.
pub(super) fn of_entry(trees: &[TokenTree]) -> Option<Slip> {
    let rules: [fn(&[TokenTree]) -> Option<Slip>; 11] = [
        frozen,
        frozen_inside,
        shared,
        value,
        function,
        list,
        activation,
        joined,
        repeated,
        one_layer,
        named,
    ];
    rules.into_iter().find_map(|rule| rule(trees))
}

/// Two words of which one begins a layer behind the other.
pub(super) fn without_comma(trees: &[TokenTree]) -> Option<(&Ident, &Ident)> {
    match trees {
        [TokenTree::Ident(first), TokenTree::Ident(next), ..]
        | [TokenTree::Ident(first), TokenTree::Group(_), TokenTree::Ident(next), ..]
            if is_name(first) && is_name(next) =>
        {
            Some((first, next))
        }
        _ => None,
    }
}

/// `frozen = true`, `frozen(true)`, `trainable = false`.
fn frozen(trees: &[TokenTree]) -> Option<Slip> {
    let (TokenTree::Ident(word), rest) = trees.split_first()? else { return None };
    let value = compact(&stream(rest)).to_lowercase();
    let says = |word: &str| value.contains(word);
    let text = match word.to_string().to_lowercase().as_str() {
        "frozen" if rest.is_empty() && word == "frozen" => return None,
        "frozen" if rest.is_empty() => "`frozen` is written in small letters".to_owned(),
        "frozen" if matches!(rest, [TokenTree::Ident(_), ..]) => {
            "expected a comma behind `frozen`".to_owned()
        }
        "frozen" if says("false") => {
            "`frozen` has no value: leave it out of a branch that is trained".to_owned()
        }
        "frozen" => "`frozen` has no value: write `frozen` alone, behind the layers".to_owned(),
        "trainable" | "requires_grad" if says("true") => {
            format!("leave `{word}` out: a branch is trained unless it ends in `frozen`")
        }
        "trainable" | "requires_grad" | "freeze" | "no_grad" => {
            format!("`{word}` is written `frozen` here, behind the layers")
        }
        _ => return None,
    };
    Some((word.span(), text))
}

/// `Dense(64, frozen)`.
fn frozen_inside(trees: &[TokenTree]) -> Option<Slip> {
    let [TokenTree::Ident(name), TokenTree::Group(group)] = trees else { return None };
    let content = trees_of(group.stream());
    let word = split(&content, &[","]).into_iter().find_map(|piece| match piece {
        [TokenTree::Ident(word)] if word == "frozen" => Some(word),
        _ => None,
    })?;
    layer::named(&name.to_string())?;
    let text = format!("`frozen` is about the branch: write it behind `{name}(..)`");
    Some((word.span(), text))
}

/// `shared(rooms)`, `shared rooms`, `shared: rooms`, `shared = "rooms"`.
fn shared(trees: &[TokenTree]) -> Option<Slip> {
    let (TokenTree::Ident(word), rest) = trees.split_first()? else { return None };
    if word != "shared" {
        return None;
    }
    let node = match words(rest).as_slice() {
        [node] => node.clone(),
        _ => "node".to_owned(),
    };
    let text = format!("a branch is shared by the name of its node: write `shared = {node}`");
    Some((word.span(), text))
}

/// The words in tokens, also those in quotes.
fn words(trees: &[TokenTree]) -> Vec<String> {
    let of_tree = |tree: &TokenTree| match tree {
        TokenTree::Ident(word) => vec![word.to_string()],
        TokenTree::Literal(_) => quoted(tree).into_iter().collect(),
        TokenTree::Group(group) => words(&trees_of(group.stream())),
        TokenTree::Punct(_) => Vec::new(),
    };
    trees.iter().flat_map(of_tree).collect()
}

/// `64`.
fn value(trees: &[TokenTree]) -> Option<Slip> {
    let (sign, number) = match trees {
        [TokenTree::Punct(sign), TokenTree::Literal(_)] if sign.as_char() == '-' => {
            ("-", &trees[1])
        }
        [TokenTree::Literal(_)] => ("", &trees[0]),
        _ => return None,
    };
    let text = format!(
        "`{sign}{number}` is no layer: a number is an argument, as in `Dense(64)` or `Dropout(0.2)`"
    );
    quoted(number).is_none().then(|| (number.span(), text))
}

/// The word of `'relu'`, which rustc has reported.
pub(super) fn refused_by_rustc(tree: &TokenTree) -> Option<Ident> {
    let text = match tree {
        TokenTree::Literal(literal) => literal.to_string(),
        _ => return None,
    };
    let word = text.strip_prefix('\'')?.strip_suffix('\'')?;
    let mut name: Ident = syn::parse_str(word).ok().filter(|_| word.len() > 1)?;
    name.set_span(tree.span());
    Some(name)
}

/// The text of a string literal.
fn quoted(tree: &TokenTree) -> Option<String> {
    match syn::parse2::<syn::Lit>(tree.to_token_stream()).ok()? {
        syn::Lit::Str(text) => Some(text.value()),
        _ => None,
    }
}

/// `lambda x: x * 2`, `|x| x * 2`, `layers!()`.
fn function(trees: &[TokenTree]) -> Option<Slip> {
    let own = "a module of your own, `Name => [64]`, whose type implements dfdx's `Module`";
    match trees {
        [TokenTree::Ident(word), ..] if *word == "lambda" || *word == "Lambda" || *word == "fn" => {
            Some((word.span(), format!("a function is no layer; write {own}")))
        }
        [TokenTree::Punct(bar), ..] if bar.as_char() == '|' => {
            Some((bar.span(), format!("a closure is no layer; write {own}")))
        }
        [TokenTree::Ident(name), TokenTree::Punct(mark), TokenTree::Group(inner)]
            if mark.as_char() == '!' =>
        {
            let layers = match reading(&trees_of(inner.stream())) {
                Some(layer) => format!(": write `{}`", layer.text),
                None => String::new(),
            };
            let text = format!(
                "the annotation is read before `{name}!` is expanded, so layers are written out{layers}"
            );
            Some((name.span(), text))
        }
        _ => None,
    }
}

/// `(Dense(64), relu)`, `[Dense(64), relu]`, `Sequential(Dense(64), relu)`.
fn list(trees: &[TokenTree]) -> Option<Slip> {
    let (first, group) = match trees {
        [TokenTree::Group(group)] => (None, group),
        [TokenTree::Punct(mark), TokenTree::Group(group)] if mark.as_char() == '&' => (None, group),
        [path @ .., TokenTree::Group(group)] => match path.last()? {
            TokenTree::Ident(name) if *name == "Sequential" => (Some(name), group),
            _ => return None,
        },
        _ => return None,
    };
    let mut content = trees_of(group.stream());
    if let [TokenTree::Group(only)] = content.as_slice() {
        content = trees_of(only.stream());
    }
    let layers: Vec<String> = split(&content, &[","])
        .into_iter()
        .filter_map(|piece| Some(reading(piece)?.text))
        .collect();
    let text = match layers.as_slice() {
        [] => return None,
        layers => format!("the layers of a branch stand in no list: write `{}`", layers.join(", ")),
    };
    Some((first.map_or_else(|| group.span_open(), Ident::span), text))
}

/// `Activation(relu)`, `Activation => relu`, `relu(Dense(64))`.
fn activation(trees: &[TokenTree]) -> Option<Slip> {
    let (TokenTree::Ident(word), rest) = trees.split_first()? else { return None };
    let content = match rest {
        [TokenTree::Group(group)] => trees_of(group.stream()),
        [equals, arrow, content @ ..] if is_mark(equals, '=') && is_mark(arrow, '>') => {
            content.to_vec()
        }
        _ => return None,
    };
    let inner = reading(&content)?;
    let text = match Activation::named(&word.to_string()) {
        Some(_) => format!("commas stand between layers: write `{}, {word}`", inner.text),
        None if word == "Activation" => {
            format!("an activation is a layer: write `{}`", inner.text)
        }
        None => return None,
    };
    Some((word.span(), text))
}

/// `Dense(64) -> relu`, `Dense(64) | relu`, `Dense(64).relu()`, `Dense(64) => [64]`.
fn joined(trees: &[TokenTree]) -> Option<Slip> {
    const BETWEEN: &[&str] =
        &["->", "=>", "|>", "||", "|", ">>", "&&", "&", "+", ";", "<-", "<<", "."];
    let pieces = split(trees, BETWEEN);
    let first = pieces.first()?;
    if first.len() == trees.len() {
        return None;
    }
    let is_first = std::ptr::eq(first.as_ptr(), trees.as_ptr());
    let mark = &trees[if is_first { first.len() } else { 0 }];
    let layers: Vec<Option<Reading>> = pieces.iter().map(|piece| reading(piece)).collect();
    let known = layers.iter().flatten().count();
    if known == pieces.len() || known > 0 && pieces.iter().all(|piece| is_type_or_call(piece)) {
        if known < pieces.len() && is_mark(mark, '+') {
            let text = "a sum of nodes is a merge, on a node of its own: \
                        `#[merge(add(first, second))]`";
            return Some((mark.span(), text.to_owned()));
        }
        let texts = pieces.iter().zip(layers).map(|(piece, layer)| {
            layer.map_or_else(|| compact(&stream(piece)), |layer| layer.text)
        });
        let texts: Vec<String> = texts.collect();
        let text = format!("commas stand between layers: write `{}`", texts.join(", "));
        return Some((mark.span(), text));
    }
    let layer = reading(first).filter(|layer| layer.is_ours && is_no_type(first))?;
    let text = format!("`{0}` gives what it computes: write `{0}` alone", layer.text);
    is_mark(mark, '=').then(|| (mark.span(), text))
}

/// Whether tokens may be a layer that is not known.
fn is_type_or_call(trees: &[TokenTree]) -> bool {
    let is_call = matches!(trees, [TokenTree::Ident(_), TokenTree::Group(_)]);
    let starts = matches!(trees, [TokenTree::Ident(_), ..]);
    is_call || starts && syn::parse2::<syn::Type>(stream(trees)).is_ok()
}

/// `3 * Dense(64)`.
fn repeated(trees: &[TokenTree]) -> Option<Slip> {
    let [first, second] = split(trees, &["*"])[..] else { return None };
    let is_count = |piece: &[TokenTree]| matches!(piece, [TokenTree::Literal(_)]);
    let (times, layer) = match (is_count(first), is_count(second)) {
        (true, false) => (&first[0], reading(second)?),
        (false, true) => (&second[0], reading(first)?),
        _ => return None,
    };
    let text = format!("layers are not repeated by a number: write each `{}`", layer.text);
    Some((times.span(), text))
}

/// Whether a layer is no type of the user's own: it has arguments in parentheses, or is in small
/// letters.
fn is_no_type(trees: &[TokenTree]) -> bool {
    match trees {
        [TokenTree::Ident(name)] => name.to_string().starts_with(char::is_lowercase),
        [TokenTree::Ident(_), TokenTree::Group(_)] => true,
        _ => false,
    }
}

/// `nn.ReLU()`, `Dense[64]`, `Dense 64`, `Dense(64)(relu)`.
fn one_layer(trees: &[TokenTree]) -> Option<Slip> {
    let layer = reading(trees)?;
    Some((layer.at, layer.mistake?))
}

/// `hidden = Dense(64)`, `dropout = 0.2`, `activation = relu`.
fn named(trees: &[TokenTree]) -> Option<Slip> {
    let trees = match trees {
        [TokenTree::Ident(word), rest @ ..] if word == "let" => rest,
        _ => trees,
    };
    let [TokenTree::Ident(word), TokenTree::Punct(mark), value @ ..] = trees else { return None };
    let is_named = matches!(mark.as_char(), '=' | ':') && !value.is_empty();
    if !is_named || value.first().is_some_and(|tree| is_mark(tree, '>') || is_mark(tree, ':')) {
        return None;
    }
    let text = match reading(value) {
        Some(layer) if word == "activation" => {
            let layer = layer.text;
            format!(
                "an activation is a layer or an argument: write `{layer}`, or `Dense(64, {layer})`"
            )
        }
        Some(layer) => format!("a layer has no name of its own: write `{}`", layer.text),
        None => {
            let known =
                layer::LAYERS.iter().find(|l| l.name.eq_ignore_ascii_case(&word.to_string()))?;
            format!("a layer is a call: write `{}({})`", known.name, compact(&stream(value)))
        }
    };
    Some((word.span(), text))
}

/// Tokens read as a layer.
struct Reading {
    /// As it is written here.
    text: String,
    /// Its name.
    at: Span,
    /// Whether there is a layer or an activation of the name.
    is_ours: bool,
    /// What is wrong with it.
    mistake: Option<String>,
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
fn reading(trees: &[TokenTree]) -> Option<Reading> {
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
        (true, None) => {
            Some(format!("a layer is named without a path, and there is no layer `{spelt}`{near}"))
        }
        (true, Some(_)) => Some(format!("a layer is named without a path: write `{text}`")),
        (false, Some(meant)) if meant == spelt => {
            form.map(|form| format!("{form}: write `{text}`"))
        }
        (false, _) => Some(format!("there is no layer `{spelt}`{near}")),
    };
    let is_ours = meant.is_some_and(|meant| meant == spelt);
    Some(Reading { text, at: name.span(), is_ours, mistake })
}

/// Whether a word is no keyword.
fn is_name(word: &Ident) -> bool {
    syn::parse_str::<Ident>(&word.to_string()).is_ok()
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
    const BRACKETS: &str = "the arguments of a layer stand in parentheses";
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
            let form = "a layer takes what the one before it gives, and is not called";
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

/// Splits at marks of one or several characters, outside `<...>`. A dot within a path or a number does
/// not count.
fn split<'a>(trees: &'a [TokenTree], marks: &[&str]) -> Vec<&'a [TokenTree]> {
    let (mut pieces, mut start, mut position) = (Vec::new(), 0, 0);
    while position < trees.len() {
        let at = |mark: &&&str| {
            let dot = **mark == "."
                && matches!(trees.get(position.wrapping_sub(1)), Some(TokenTree::Ident(_)));
            !dot && mark.chars().enumerate().all(|(offset, letter)| {
                trees.get(position + offset).is_some_and(|tree| is_mark(tree, letter))
            })
        };
        match marks.iter().find(at) {
            Some(mark) => {
                pieces.push(&trees[start..position]);
                position += mark.len();
                start = position;
            }
            None => position += 1,
        }
    }
    pieces.push(&trees[start..]);
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

fn is_mark(tree: &TokenTree, mark: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if Punct::as_char(punct) == mark)
}

fn stream(trees: &[TokenTree]) -> TokenStream {
    trees.iter().cloned().collect()
}

fn trees_of(tokens: TokenStream) -> Vec<TokenTree> {
    tokens.into_iter().collect()
}
