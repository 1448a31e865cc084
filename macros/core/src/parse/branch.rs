//! `#[branch(Dense(64, relu), Dropout(0.2), my::Gate<64> => [64], frozen)]`.

mod own_module;
mod reading;
mod slips;
#[cfg(test)]
mod tests;

use multi_input_spec::{layer, names::Kind, Activation, ArgumentKind};
use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{spanned::Spanned, Expr, Lit, Type};

use super::{
    argument::{self, Argument},
    attribute::{entries, once},
    given::{self, Given},
    number::SizeExpr,
    trees::{self, trees_of},
    word::Word,
};
use crate::{
    diagnostics::Diagnostics,
    meaning,
    suggest::{list, suggest},
    text::compact,
};

/// The layers of a node.
#[derive(Clone)]
pub(crate) struct Branch {
    /// In order.
    pub(crate) layers: Vec<Layer>,
    /// `frozen`: the parameters are not trained.
    pub(crate) frozen: Option<Span>,
    /// `shared = node`: the branch of that node is used.
    pub(crate) shared: Option<Ident>,
    /// Whether an entry could not be read, so that the output is unknown.
    pub(crate) broken: bool,
    /// The types that the user names as modules, also where their sizes could not be read.
    pub(crate) modules: Vec<Type>,
}

/// A layer.
#[derive(Clone)]
pub(crate) struct Layer {
    pub(crate) kind: LayerKind,
    /// As the user wrote it, in one line.
    pub(crate) text: String,
    /// The user's token for error spans.
    pub(crate) span: Span,
}

/// The kind of a layer.
#[derive(Clone)]
pub(crate) enum LayerKind {
    /// A layer of the spec.
    Named { spec: &'static layer::Layer, name: Ident, arguments: Vec<Argument> },
    /// An activation as a layer.
    Activation { activation: Activation, name: Ident },
    /// A custom module, with its claimed output shape.
    Custom { module: Box<Type>, shape: Vec<SizeExpr> },
}

/// Reads the tokens between the parentheses.
pub(super) fn read(tokens: TokenStream, span: Span, errors: &mut Diagnostics) -> Branch {
    let mut branch = Branch {
        layers: Vec::new(),
        frozen: None,
        shared: None,
        broken: false,
        modules: Vec::new(),
    };
    one_comma_each(&tokens, errors);
    for entry in entries(tokens) {
        if read_entry(entry, &mut branch, errors).is_none() {
            branch.broken = true;
        }
    }
    if branch.shared.is_some() && !branch.layers.is_empty() {
        errors.at(branch.layers[0].span, "a shared branch has no layers of its own: write either");
        branch.broken = true;
    }
    if branch.shared.is_some() && branch.frozen.is_some() {
        errors.at(
            branch.frozen.unwrap_or(span),
            "`frozen` goes where the shared branch is written, not where it is used again",
        );
        branch.broken = true;
    }
    if branch.shared.is_none() && branch.layers.is_empty() && !branch.broken {
        errors.at(span, "an empty branch does nothing: name a layer, or leave `#[branch]` out");
        // A layer is meant.
        branch.broken = true;
    }
    branch
}

/// Whether something stands before every comma; reports the first that has nothing.
fn one_comma_each(tokens: &TokenStream, errors: &mut Diagnostics) -> bool {
    let comma = trees::empty_place(tokens);
    if let Some(comma) = comma {
        errors.at(comma, "there is nothing before this comma: leave it out");
    }
    comma.is_none()
}

/// Whether the layer that a layer holds is an expression, as arguments are; reports one that is not.
fn inner_is_written(
    spec: &layer::Layer,
    arguments: &TokenStream,
    errors: &mut Diagnostics,
) -> bool {
    let among = spec.parameters.iter().find_map(|parameter| match parameter.kind {
        ArgumentKind::Layer { among, .. } => Some(among),
        _ => None,
    });
    let (Some(among), Some(first)) = (among, entries(arguments.clone()).into_iter().next()) else {
        return true;
    };
    if syn::parse2::<Given>(first.clone()).is_ok() {
        return true;
    }
    let (at, text) = slips::of_entry(&trees_of(first.clone())).unwrap_or_else(|| {
        let (outer, known) = (spec.name, list(among.iter().copied()));
        (first.span(), format!("`{outer}` cannot hold `{}`; it takes {known}", compact(&first)))
    });
    errors.at(at, text);
    false
}

/// Reads an entry; `None` after reporting mistakes.
fn read_entry(entry: TokenStream, branch: &mut Branch, errors: &mut Diagnostics) -> Option<()> {
    let text = compact(&entry);
    let trees = trees_of(entry.clone());
    match trees.as_slice() {
        [TokenTree::Ident(word)] if word == "frozen" => {
            once(&mut branch.frozen, word.span(), "frozen", word.span(), errors);
        }
        [TokenTree::Ident(word), TokenTree::Punct(equals), TokenTree::Ident(node)]
            if word == "shared" && equals.as_char() == '=' =>
        {
            once(&mut branch.shared, node.clone(), "shared", word.span(), errors);
        }
        [TokenTree::Ident(name)] if slips::of_entry(&trees).is_none() => {
            branch.layers.push(named(name.clone(), TokenStream::new(), text, errors)?);
        }
        [TokenTree::Ident(name), TokenTree::Group(group)]
            if group.delimiter() == Delimiter::Parenthesis && slips::of_entry(&trees).is_none() =>
        {
            branch.layers.push(named(name.clone(), group.stream(), text, errors)?);
        }
        _ => branch.layers.push(other(entry, &trees, &mut branch.modules, errors)?),
    }
    Some(())
}

/// A module of the user's own, or something that is meant to be a layer of ours.
fn other(
    entry: TokenStream,
    trees: &[TokenTree],
    modules: &mut Vec<Type>,
    errors: &mut Diagnostics,
) -> Option<Layer> {
    if let Some((at, text)) = slips::of_entry(trees) {
        errors.at(at, text);
        return None;
    }
    if let Some((first, next)) = slips::without_comma(trees) {
        errors.at(next.span(), format!("expected a comma between `{first}` and `{next}`"));
        return None;
    }
    let own = own_module::read(entry, errors);
    modules.extend(own.module);
    own.layer
}

/// A layer or activation by its name.
fn named(
    name: Ident,
    arguments: TokenStream,
    text: String,
    errors: &mut Diagnostics,
) -> Option<Layer> {
    let span = name.span();
    if let Some(activation) = Activation::named(&name.to_string()) {
        let layer = Kind::Layer.find(&name.to_string()).filter(|_| !arguments.is_empty());
        if let Some(layer) = layer {
            let (called, inner) = (Ident::new(layer, span), compact(&arguments));
            let what = format!("`{name}` is an activation; the layer is `{layer}({inner})`");
            errors.guess(span, what);
            return errors.quietly(|errors| named(called, arguments, text, errors)).0;
        }
        if !arguments.is_empty() {
            errors.at(span, format!("the activation `{name}` takes no arguments"));
        }
        return Some(Layer { kind: LayerKind::Activation { activation, name }, text, span });
    }
    let Some(spec) = layer::named(&name.to_string()) else {
        return renamed(name, arguments, text, errors);
    };
    if !one_comma_each(&arguments, errors) || !inner_is_written(spec, &arguments, errors) {
        return None;
    }
    let before = errors.guesses();
    let given = given::read(arguments, errors)?;
    let arguments = errors.unless_guessed(before, |errors| {
        argument::read(spec.name, span, spec.parameters, given, errors)
    })?;
    Some(Layer { kind: LayerKind::Named { spec, name, arguments }, text, span })
}

/// What is a layer of a branch.
const LAYERS: &[Kind] = &[Kind::Layer, Kind::Activation];

/// A layer or activation by a name that it does not have here, which is reported. The model goes on
/// with what is meant.
fn renamed(
    name: Ident,
    arguments: TokenStream,
    text: String,
    errors: &mut Diagnostics,
) -> Option<Layer> {
    let meaning = meaning::of(LAYERS, &name.to_string());
    let hint = meaning.as_ref().map_or_else(
        || {
            format!(
                "; a module of your own is written `{name} => [64]`, with the sizes that it gives"
            )
        },
        |meaning| meaning.hint.clone(),
    );
    let meant = meaning.and_then(|meaning| meaning.name);
    errors.guess_if(meant.is_some(), name.span(), format!("there is no layer `{name}`{hint}"));
    let name = Ident::new(meant?, name.span());
    errors.quietly(|errors| named(name, arguments, text, errors)).0
}

/// A layer inside `outer`: one of `among`, without the parameters `without`, which `outer` sets
/// itself.
pub(super) fn nested(
    outer: &str,
    value: &Expr,
    among: &[&str],
    without: &[&str],
    errors: &mut Diagnostics,
) -> Option<Layer> {
    let word = Word::of(value).and_then(|word| Some((word.ident()?, word)));
    let Some((name, word)) = word else {
        let trees = trees_of(value.to_token_stream());
        let is_number = matches!(value, Expr::Lit(lit) if !matches!(lit.lit, Lit::Str(_)));
        let slip = slips::of_entry(&trees).filter(|_| !is_number);
        let (at, text) = slip.unwrap_or_else(|| {
            let found = compact(&value.to_token_stream());
            (value.span(), format!("expected a layer such as `{}`; found `{found}`", among[0]))
        });
        errors.at(at, text);
        return None;
    };
    let mistake = word.mistake();
    let arguments = word.arguments.clone().unwrap_or_default();
    let meant = Kind::Layer.find(&word.text).filter(|meant| among.contains(meant));
    if let Some(meant) = meant.filter(|meant| *meant != word.text || mistake.is_some()) {
        let hint = meaning::of(&[Kind::Layer], &word.text).map(|meaning| meaning.hint);
        let text = match *meant == word.text {
            true => mistake.unwrap_or_default(),
            false => format!("there is no layer `{name}`{}", hint.unwrap_or_default()),
        };
        errors.guess(name.span(), text);
        let name = Ident::new(meant, name.span());
        let value: Expr = syn::parse_quote!(#name(#arguments));
        return errors.quietly(|errors| nested(outer, &value, among, without, errors)).0;
    }
    let known =
        layer::named(&name.to_string()).is_some() || Activation::named(&name.to_string()).is_some();
    if !among.contains(&name.to_string().as_str()) {
        let near = suggest(&name.to_string(), among.iter().copied());
        let takes = if near.is_empty() {
            format!("; it takes {}", list(among.iter().copied()))
        } else {
            near
        };
        let what = if known { "cannot hold" } else { "holds a layer, and there is no" };
        errors.at(name.span(), format!("`{outer}` {what} `{name}`{takes}"));
        return None;
    }
    let text = compact(&value.to_token_stream());
    let layer = named(name.clone(), arguments, text, errors)?;
    if let LayerKind::Named { spec, arguments, .. } = &layer.kind {
        let given = spec.parameters.iter().zip(arguments);
        let mut refused = given.filter(|(parameter, argument)| {
            without.contains(&parameter.name) && !matches!(argument, Argument::Absent)
        });
        if let Some((parameter, _)) = refused.next() {
            let text = format!("`{outer}` sets `{}` itself: leave it out", parameter.name);
            errors.at(name.span(), text);
            return None;
        }
    }
    Some(layer)
}
