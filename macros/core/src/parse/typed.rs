//! The names in the DSL's attributes, collected even if the rest is unreadable. They are for
//! editors only, to complete and follow names in incomplete layer lists.

use multi_input_spec::{layer, names::Kind, Activation, LOSSES, METRICS};
use proc_macro2::{Ident, TokenStream, TokenTree};

use syn::{parse::Parser, Path};

use super::{attribute::entries, own::Own};

/// A name with its meaning.
#[derive(Clone)]
pub(crate) enum Typed {
    /// A node.
    Node(Ident),
    /// A stage of the model.
    Stage(Ident),
    /// A layer, or the beginning of one.
    Layer(Ident),
    /// A merge, or the beginning of one.
    Merge(Ident),
    Activation(Activation, Ident),
    /// The loss's type in `multi_input::loss`.
    Loss(&'static str, Ident),
    /// The metric's type in `multi_input::metric`.
    Metric(&'static str, Ident),
    /// A value of the user's own.
    Own(Path),
}

/// The names in `#[attribute(tokens)]`.
pub(super) fn names(attribute: &str, tokens: TokenStream) -> Vec<Typed> {
    let mut names = Vec::new();
    match attribute {
        "branch" => layers(tokens, &mut names),
        "merge" => merge(tokens, &mut names),
        "from" => names.extend(only_word(tokens).map(Typed::Node)),
        "input" => {
            rules(tokens.clone(), &mut names);
            names.extend(entries(tokens).into_iter().filter_map(own));
        }
        "derived" => derived(tokens, &mut names),
        "output" => {
            rules(tokens.clone(), &mut names);
            losses_and_metrics(tokens, &mut names);
        }
        _ => {}
    }
    names
}

/// Layers may hold layers, so every group is read as a list.
fn layers(tokens: TokenStream, names: &mut Vec<Typed>) {
    for entry in entries(tokens) {
        let mut trees = entry.into_iter().peekable();
        let Some(TokenTree::Ident(first)) = trees.next() else { continue };
        match trees.peek() {
            Some(TokenTree::Punct(mark)) if mark.as_char() == '=' => {
                trees.next();
                let value = only_word(trees.collect());
                names.extend(value.and_then(|value| match first == "shared" {
                    true => Some(Typed::Node(value)),
                    false => activation(value),
                }));
            }
            // A path or a generic type is a custom module.
            Some(TokenTree::Punct(_)) => {}
            inner => {
                if let Some(TokenTree::Group(group)) = inner {
                    layers(group.stream(), names);
                }
                let letter = first.to_string().chars().next();
                if layer::named(&first.to_string()).is_some()
                    || letter.is_some_and(char::is_uppercase) && !is_constant(&first)
                {
                    names.push(Typed::Layer(first));
                } else {
                    names.extend(activation(first));
                }
            }
        }
    }
}

fn activation(name: Ident) -> Option<Typed> {
    let activation = Activation::named(&name.to_string())?;
    Some(Typed::Activation(activation, name))
}

/// Whether a name is a constant such as `WIDTH`, not a layer such as `Dense`. A single capital
/// letter may become either.
fn is_constant(name: &Ident) -> bool {
    let text = name.to_string();
    text.len() > 1
        && layer::named(&text).is_none()
        && text.chars().all(|letter| !letter.is_lowercase())
}

/// `concat(first, present(second), axis = 0)`, or `my::Gated(first, second)`.
fn merge(tokens: TokenStream, names: &mut Vec<Typed>) {
    let mut trees = tokens.clone().into_iter();
    let Some(TokenTree::Ident(rule)) = trees.next() else { return };
    let operands = match trees.next() {
        Some(TokenTree::Group(operands)) => {
            names.push(Typed::Merge(rule));
            operands
        }
        Some(TokenTree::Punct(_)) => {
            names.extend(own(tokens));
            let Some(TokenTree::Group(operands)) = trees.find(is_group) else { return };
            operands
        }
        _ => return names.push(Typed::Merge(rule)),
    };
    for operand in entries(operands.stream()) {
        let mut trees = operand.clone().into_iter();
        let node = match (trees.next(), trees.next()) {
            (Some(TokenTree::Ident(_)), Some(TokenTree::Group(inner))) => only_word(inner.stream()),
            _ => only_word(operand),
        };
        names.extend(node.map(Typed::Node));
    }
}

fn is_group(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Group(_))
}

/// `crossed(first, second, 1000)`, `my::Distance(first, second)` or `first / (second + 1)`, and steps.
fn derived(tokens: TokenStream, names: &mut Vec<Typed>) {
    let mut entries = entries(tokens).into_iter();
    if let Some(first) = entries.next() {
        names.extend(own(first.clone()));
        nodes(first, names);
    }
    names.extend(entries.filter_map(own));
}

/// The words among tokens that are nodes by their form: those in small letters that begin no path and
/// no call, and are no name of an argument.
fn nodes(tokens: TokenStream, names: &mut Vec<Typed>) {
    let mut in_path = false;
    let mut trees = tokens.into_iter().peekable();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Group(group) => nodes(group.stream(), names),
            TokenTree::Ident(word) => {
                let ends = match trees.peek() {
                    Some(TokenTree::Punct(next)) => !matches!(next.as_char(), ':' | '='),
                    Some(TokenTree::Group(_)) => false,
                    _ => true,
                };
                let starts_small = word.to_string().starts_with(|c: char| !c.is_uppercase());
                if ends && !in_path && starts_small && !is_constant(&word) {
                    names.push(Typed::Node(word));
                }
                in_path = false;
            }
            TokenTree::Punct(mark) => in_path = mark.as_char() == ':',
            TokenTree::Literal(_) => {}
        }
    }
}

/// The path of a thing of the user's own.
fn own(tokens: TokenStream) -> Option<Typed> {
    let is_path = Own::is_written(&tokens, [], Kind::Step);
    let path = Path::parse_mod_style.parse2(path_of(tokens)).ok().filter(|_| is_path)?;
    (path.segments.len() > 1).then_some(Typed::Own(path))
}

/// The tokens up to the first group.
fn path_of(tokens: TokenStream) -> TokenStream {
    let is_of_path = |tree: &TokenTree| match tree {
        TokenTree::Ident(_) => true,
        TokenTree::Punct(mark) => mark.as_char() == ':',
        _ => false,
    };
    tokens.into_iter().take_while(is_of_path).collect()
}

/// `loss = huber(delta = 0.5), metrics(mae, r2)`.
fn losses_and_metrics(tokens: TokenStream, names: &mut Vec<Typed>) {
    for entry in entries(tokens) {
        let mut trees = entry.into_iter();
        match (trees.next(), trees.next(), trees.next()) {
            (Some(TokenTree::Ident(word)), _, Some(TokenTree::Ident(name))) if word == "loss" => {
                let loss = LOSSES.iter().find(|loss| name == loss.name());
                names.extend(loss.map(|loss| Typed::Loss(loss.type_name, name)));
            }
            (Some(TokenTree::Ident(word)), Some(TokenTree::Group(list)), _)
                if word == "metrics" || word == "weighted_metrics" =>
            {
                names.extend(entries(list.stream()).into_iter().filter_map(|entry| {
                    let Some(TokenTree::Ident(name)) = entry.into_iter().next() else {
                        return None;
                    };
                    let metric = METRICS.iter().find(|metric| name == metric.name)?;
                    Some(Typed::Metric(metric.type_name, name))
                }));
            }
            _ => {}
        }
    }
}

/// `only_for(ranking), uses_sensitive(age), independent_of(user), known_at = booking`.
fn rules(tokens: TokenStream, names: &mut Vec<Typed>) {
    for entry in entries(tokens) {
        let mut trees = entry.into_iter();
        match (trees.next(), trees.next(), trees.next()) {
            (Some(TokenTree::Ident(word)), Some(TokenTree::Group(list)), None)
                if ["only_for", "uses_sensitive", "independent_of"].iter().any(|w| word == w) =>
            {
                let nodes = entries(list.stream()).into_iter();
                let nodes = nodes.filter_map(|entry| syn::parse2(entry).ok());
                names.extend(nodes.map(Typed::Node));
            }
            (Some(TokenTree::Ident(word)), Some(_), Some(stage)) if word == "known_at" => {
                names.extend(syn::parse2(stage.into()).ok().map(Typed::Stage));
            }
            _ => {}
        }
    }
}

/// The identifier, if the tokens are only one.
fn only_word(tokens: TokenStream) -> Option<Ident> {
    let mut trees = tokens.into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Ident(name)), None) => Some(name),
        _ => None,
    }
}
