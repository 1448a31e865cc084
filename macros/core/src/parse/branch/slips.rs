//! What is meant by an entry of a branch that is not in the form of a layer: `nn.ReLU()`,
//! `Dense[64]`, `Dense(64) -> relu`, `frozen = true`, `shared(rooms)`.

use multi_input_spec::{layer, Activation};
use proc_macro2::{Delimiter, Ident, Span, TokenTree};

use super::reading::{reading, Reading};
use crate::{
    parse::trees::{is_mark, is_name, split, stream, trees_of},
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
    let says = |word: &str| compact(&stream(rest)).to_lowercase().contains(word);
    let text = match word.to_string().as_str() {
        "frozen" if rest.is_empty() => return None,
        "Frozen" if rest.is_empty() => "`frozen` is written in small letters".to_owned(),
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
    let word = split(&content, &[","]).into_iter().find_map(|piece| match &content[piece] {
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
        TokenTree::Literal(text) => vec![text.to_string().trim_matches('"').to_owned()],
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
    let is_number = number.to_string().starts_with(|first: char| first.is_ascii_digit());
    is_number.then(|| (number.span(), text))
}

/// `lambda x: x * 2`, `|x| x * 2`, `layers!()`.
fn function(trees: &[TokenTree]) -> Option<Slip> {
    let own = "a module of your own, `Name => [64]`, whose type implements dfdx's `Module`";
    match trees {
        [TokenTree::Ident(word), ..] if *word == "lambda" || *word == "fn" => {
            Some((word.span(), format!("a function is no layer; write {own}")))
        }
        [TokenTree::Ident(word), TokenTree::Group(_)] if *word == "Lambda" => {
            Some((word.span(), format!("a function is no layer; write {own}")))
        }
        [TokenTree::Punct(bar), ..] if bar.as_char() == '|' => {
            Some((bar.span(), format!("a closure is no layer; write {own}")))
        }
        [TokenTree::Ident(name), TokenTree::Punct(mark), TokenTree::Group(inner)]
            if mark.as_char() == '!' =>
        {
            let layers = match reading(&trees_of(inner.stream())) {
                Some(layer) => format!(": `{}`", layer.text),
                None => String::new(),
            };
            let text = format!(
                "write the layers out{layers}; the annotation is read before `{name}!` is expanded"
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
        .filter_map(|piece| Some(reading(&content[piece])?.text))
        .collect();
    if layers.is_empty() {
        return None;
    }
    let layers = layers.join(", ");
    let text = match first {
        Some(_) => format!("a branch is a sequence by itself: write `{layers}`"),
        None => format!("write the layers of a branch without brackets: `{layers}`"),
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
        Some(_) => format!("write commas between layers: `{}, {word}`", inner.text),
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
    let ranges = split(trees, BETWEEN);
    let first = ranges.first().filter(|first| first.len() < trees.len())?;
    let mark = &trees[if first.start > 0 { 0 } else { first.end }];
    let pieces: Vec<&[TokenTree]> = ranges.iter().map(|range| &trees[range.clone()]).collect();
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
        let text = match texts.as_slice() {
            [only] => format!("write `{only}`, with a comma before it"),
            all => format!("write commas between layers: `{}`", all.join(", ")),
        };
        return Some((mark.span(), text));
    }
    if !is_mark(mark, '=') {
        return None;
    }
    let layer = reading(pieces[0]).filter(|layer| layer.is_ours && is_no_type(pieces[0]))?;
    let claim: Vec<String> = pieces[1..].iter().map(|piece| compact(&stream(piece))).collect();
    let claim = claim.join(" => ");
    let text = format!("`{}` knows its own shape: leave `=> {claim}` out", layer.text);
    Some((mark.span(), text))
}

/// Whether tokens may be a layer that is not known.
fn is_type_or_call(trees: &[TokenTree]) -> bool {
    let is_call = matches!(trees, [TokenTree::Ident(_), TokenTree::Group(_)]);
    let starts = matches!(trees, [TokenTree::Ident(_), ..]);
    is_call || starts && syn::parse2::<syn::Type>(stream(trees)).is_ok()
}

/// `3 * Dense(64)`.
fn repeated(trees: &[TokenTree]) -> Option<Slip> {
    let pieces = split(trees, &["*"]);
    let [first, second] = pieces.as_slice() else { return None };
    let (first, second) = (&trees[first.clone()], &trees[second.clone()]);
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
    // In the form of a layer: its name is looked up where layers are read.
    let is_in_form = match trees {
        [TokenTree::Ident(_)] => true,
        [TokenTree::Ident(_), TokenTree::Group(group)] => {
            group.delimiter() == Delimiter::Parenthesis
        }
        _ => false,
    };
    if is_in_form {
        return None;
    }
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
            format!("write `{}({})`", known.name, compact(&stream(value)))
        }
    };
    Some((word.span(), text))
}
