//! The names in the DSL's attributes, collected even if the rest is unreadable. They are for
//! editors only, to complete and follow names in incomplete layer lists.

use multi_input_spec::{layer, Activation, LOSSES, METRICS};
use proc_macro2::{Ident, TokenStream, TokenTree};

use super::attribute::entries;

/// A name with its meaning.
pub(crate) enum Typed {
    /// A node.
    Node(Ident),
    /// A layer, or the beginning of one.
    Layer(Ident),
    /// A merge, or the beginning of one.
    Merge(Ident),
    Activation(Activation, Ident),
    /// The loss's type in `multi_input::loss`.
    Loss(&'static str, Ident),
    /// The metric's type in `multi_input::metric`.
    Metric(&'static str, Ident),
}

/// The names in `#[attribute(tokens)]`.
pub(super) fn names(attribute: &str, tokens: TokenStream) -> Vec<Typed> {
    let mut names = Vec::new();
    match attribute {
        "branch" => layers(tokens, &mut names),
        "merge" => merge(tokens, &mut names),
        "from" => names.extend(only_word(tokens).map(Typed::Node)),
        "derived" => derived(tokens, &mut names),
        "output" => losses_and_metrics(tokens, &mut names),
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

/// `concat(first, present(second), axis = 0)`.
fn merge(tokens: TokenStream, names: &mut Vec<Typed>) {
    let mut trees = tokens.into_iter();
    let Some(TokenTree::Ident(rule)) = trees.next() else { return };
    names.push(Typed::Merge(rule));
    let Some(TokenTree::Group(operands)) = trees.next() else { return };
    for operand in entries(operands.stream()) {
        let mut trees = operand.clone().into_iter();
        let node = match (trees.next(), trees.next()) {
            (Some(TokenTree::Ident(_)), Some(TokenTree::Group(inner))) => only_word(inner.stream()),
            _ => only_word(operand),
        };
        names.extend(node.map(Typed::Node));
    }
}

/// `crossed(first, second, 1000)`.
fn derived(tokens: TokenStream, names: &mut Vec<Typed>) {
    let Some(TokenTree::Group(inputs)) = tokens.into_iter().nth(1) else { return };
    let words = entries(inputs.stream()).into_iter().filter_map(only_word);
    names.extend(words.filter(|word| !is_constant(word)).map(Typed::Node));
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

/// The identifier, if the tokens are only one.
fn only_word(tokens: TokenStream) -> Option<Ident> {
    let mut trees = tokens.into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Ident(name)), None) => Some(name),
        _ => None,
    }
}
