//! Values that are the same in every row.

use multi_input_spec::{Activation, Kind, Size};
use proc_macro2::Span;
use quote::ToTokens;
use syn::spanned::Spanned;

use super::{is, own_layers, Findings};
use crate::{
    check::CheckedGraph,
    graph::Node,
    parse::{Argument, DerivedBy, Element, SizeExpr, Source},
    shape::ShapedLayer,
};

/// The parameters that are numbers of categories, each with the step, derivation or layer that it
/// belongs to.
const CATEGORIES: [(&str, &str); 6] = [
    ("bins", "count"),
    ("hashed", "buckets"),
    ("one_hot", "size"),
    ("crossed", "buckets"),
    ("Embedding", "categories"),
    ("EmbeddingBag", "categories"),
];

/// Steps that leave one category, and tables of one row.
pub(super) fn single_category(checked: &CheckedGraph, node: usize) -> Findings {
    let written = &checked.graph.nodes[node];
    let steps = match &written.field.source {
        Some(Source::Input(input)) => &input.steps[..],
        Some(Source::Derived(derived)) => &derived.steps[..],
        _ => &[],
    };
    let steps = steps.iter().filter(|step| step.own.is_none());
    let of_steps =
        steps.filter_map(|step| only_one(step.spec.name, step.spec.parameters, &step.arguments));
    let derived = match &written.field.source {
        Some(Source::Derived(derived)) => match &derived.by {
            DerivedBy::Named { spec, arguments } => only_one(spec.name, spec.parameters, arguments),
            _ => None,
        },
        _ => None,
    };
    // A table of the one category that a step leaves is no further mistake.
    let is_table_alone = |layer: &&ShapedLayer| layer.input.shape.below != Size::Known(1);
    let layers = own_layers(checked, node).iter().filter(is_table_alone);
    let of_layers = layers.filter_map(|layer| {
        let call = layer.module.call()?;
        only_one(call.spec.name, call.spec.parameters, &call.arguments)
    });
    let name = written.name();
    let of_all = derived.into_iter().chain(of_steps).chain(of_layers);
    of_all
        .map(|(callee, span)| {
            let text =
                format!("`{name}`: `{callee}` of 1 makes all rows alike; write a larger number");
            (span, text)
        })
        .collect()
}

/// The name, and the user's token, of a number of categories that is 1.
fn only_one(
    callee: &'static str,
    parameters: &[multi_input_spec::Parameter],
    arguments: &[Argument],
) -> Option<(&'static str, Span)> {
    let (_, counts) = CATEGORIES.iter().find(|(name, _)| *name == callee)?;
    let mut given = parameters.iter().zip(arguments);
    given.find_map(|(parameter, argument)| match argument {
        Argument::Size(SizeExpr { tokens, value: Size::Known(1), .. })
            if parameter.name == *counts =>
        {
            Some((callee, tokens.span()))
        }
        _ => None,
    })
}

/// A `softmax` along an axis of one number, outside of a `Class<1>`.
pub(super) fn softmax_of_one(checked: &CheckedGraph, node: usize) -> Findings {
    let written = &checked.graph.nodes[node];
    if is_single_class(written) {
        return Vec::new();
    }
    let layers = own_layers(checked, node).iter();
    let ends = layers.filter(|layer| {
        layer.module.last_activation() == Some(Activation::Softmax) && is_of_one(layer)
    });
    let name = written.name();
    let text = format!(
        "`{name}`: the `softmax` of a single number is 1, whatever the number is; write `sigmoid`, or \
         give it more than one"
    );
    ends.map(|layer| (layer.end, text.clone())).collect()
}

/// Whether it is a `Class<1>`, which has a warning of its own.
fn is_single_class(node: &Node) -> bool {
    node.field.ty.as_ref().is_some_and(|ty| matches!(ty.element, Element::Class(_)))
}

/// Whether the last axis of a layer's output has one number.
fn is_of_one(layer: &ShapedLayer) -> bool {
    let shape = layer.output.shape;
    shape.kind == Kind::Numbers && shape.rank() > 0 && shape.last() == Size::Known(1)
}

/// A norm over the features, of which there is one.
pub(super) fn norm_of_one(checked: &CheckedGraph, node: usize) -> Findings {
    let layers = own_layers(checked, node).iter();
    let norms = layers.filter(|layer| is_norm_of_one(layer));
    let name = checked.graph.nodes[node].name();
    norms
        .map(|layer| {
            let norm = &layer.text;
            let text = format!(
                "`{name}`: `{norm}` divides a single number by its own size, so that nothing of it \
                 is left; write `BatchNorm`, or leave the norm out"
            );
            (layer.span, text)
        })
        .collect()
}

pub(super) fn is_norm_of_one(layer: &ShapedLayer) -> bool {
    (is(layer, "LayerNorm") || is(layer, "RMSNorm")) && is_of_one(layer)
}

/// A cosine of vectors of one number, which is 1 or -1.
pub(super) fn cosine_of_one(checked: &CheckedGraph, node: usize) -> Findings {
    let (written, shapes) = (&checked.graph.nodes[node], &checked.shapes[node]);
    let name = written.name();
    let text = |what: &str| {
        format!("`{name}`: {what} of single numbers is 1 or -1, by their signs alone; use {}", {
            if what.contains("loss") {
                "`mse` or `mae`"
            } else {
                "`multiply`"
            }
        })
    };
    let loss = written.field.output.as_ref().and_then(|output| output.loss.as_ref()?.named());
    let loss = loss.filter(|loss| loss.spec.name() == "cosine_similarity");
    let loss = loss.filter(|_| shapes.output.shape.elements() == Size::Known(1));
    let of_loss = loss.map(|loss| (loss.name.span(), text("the loss `cosine_similarity`")));
    let merge = match &written.field.source {
        Some(Source::Merge(merge)) if merge.own.is_none() && merge.rule.name == "dot" => {
            let normalized =
                merge.arguments.iter().any(|argument| matches!(argument, Argument::Flag(true)));
            let is_one = |edge: &crate::graph::Edge| {
                checked.shapes[edge.node].output.shape.elements() == Size::Known(1)
            };
            Some(&merge.name).filter(|_| normalized && written.feeds.iter().all(is_one))
        }
        _ => None,
    };
    let of_merge = merge.map(|name| (name.to_token_stream().span(), text("the cosine")));
    of_loss.into_iter().chain(of_merge).collect()
}
