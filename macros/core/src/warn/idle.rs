//! What trains nothing or changes nothing.

use multi_input_spec::Size;
use proc_macro2::Span;
use syn::spanned::Spanned;

use super::{is, own_layers, Findings};
use crate::{
    check::CheckedGraph,
    graph::{Edge, Graph},
    parse::{Argument, LossWeight, Merge, Source},
    shape::ShapedLayer,
};

/// A model with a loss and without anything that learns, reported at its first output, or at the
/// first branch that is `frozen`.
pub(super) fn nothing_to_train(checked: &CheckedGraph, node: usize) -> Findings {
    let graph = &checked.graph;
    let learns = |layer: &ShapedLayer| layer.known_count() != Some(0);
    let owners = || (0..graph.nodes.len()).filter(|&node| graph.nodes[node].shared.is_none());
    let has_weights = |&node: &usize| checked.shapes[node].layers.iter().any(learns);
    let learns_otherwise =
        graph.nodes.iter().any(|node| node.learns_a_stand_in() || node.learns_its_weight());
    let first = graph.outputs().next();
    if learns_otherwise || owners().filter(has_weights).any(|owner| !graph.is_frozen(owner)) {
        return Vec::new();
    }
    let frozen =
        owners().filter(has_weights).find_map(|owner| Some((owner, frozen(graph, owner)?)));
    let model = &graph.model.name;
    match (first, frozen) {
        (Some(_), Some((owner, span))) if owner == node => {
            let name = graph.nodes[node].name();
            let text = format!(
                "`{name}` is `frozen`, as is every branch of `{model}` that has weights, so that \
                 nothing is trained; leave the word out of one"
            );
            vec![(span, text)]
        }
        (Some(first), None) if first == node => {
            let name = graph.nodes[node].name();
            let text = format!(
                "`{model}` has no layer with weights, so that nothing is trained; give `{name}` a \
                 `Dense`"
            );
            vec![(name.span(), text)]
        }
        _ => Vec::new(),
    }
}

fn frozen(graph: &Graph, owner: usize) -> Option<Span> {
    graph.nodes[owner].field.branch.as_ref()?.frozen
}

/// Outputs whose losses all have the weight 0, reported at the first.
pub(super) fn zero_weight(checked: &CheckedGraph, node: usize) -> Findings {
    let graph = &checked.graph;
    let all_are_zero = graph.outputs().all(|output| zero(graph, output).is_some());
    let is_first = graph.outputs().next() == Some(node);
    let Some(span) = zero(graph, node).filter(|_| all_are_zero && is_first) else {
        return Vec::new();
    };
    let name = graph.nodes[node].name();
    let others = if graph.outputs().count() > 1 { ", as those of all outputs" } else { "" };
    let text = format!(
        "`{name}`: the loss has the weight 0{others}, so that nothing is learned from it; leave \
         `weight` out"
    );
    vec![(span, text)]
}

/// The user's token of a weight that is 0.
fn zero(graph: &Graph, node: usize) -> Option<Span> {
    let LossWeight::Given(weight) = &graph.nodes[node].field.output.as_ref()?.weight else {
        return None;
    };
    let number: Option<f64> = weight.to_string().trim_end_matches("f64").parse().ok();
    (number == Some(0.0)).then(|| weight.span())
}

/// Layers that give what they take.
pub(super) fn no_effect(checked: &CheckedGraph, node: usize) -> Findings {
    let layers = own_layers(checked, node);
    let name = checked.graph.nodes[node].name();
    let again = |index: usize| index > 0 && is(&layers[index - 1], "Flatten");
    let idle = layers.iter().enumerate().filter_map(|(index, layer)| {
        let why = match layer.module.call()?.spec.name {
            "Dropout" if layer.module.call()?.number("rate")?.value == 0.0 => "sets nothing to 0",
            "Flatten" if again(index) => "gives what the `Flatten` before it gives",
            "MaxPool1D" | "AvgPool1D" | "MaxPool2D" | "AvgPool2D" | "UpSampling2D"
                if is_one(layer) =>
            {
                "gives what it takes"
            }
            _ => return None,
        };
        let text = format!("`{name}`: `{}` {why}; leave it out", layer.text);
        Some((layer.span, text))
    });
    idle.collect()
}

/// Whether the sizes among a layer's arguments are all 1.
fn is_one(layer: &ShapedLayer) -> bool {
    let Some(call) = layer.module.call() else { return false };
    let one = Size::Known(1);
    let mut given = call.arguments.iter().filter(|argument| !matches!(argument, Argument::Absent));
    given.all(|argument| match argument {
        Argument::Size(size) => size.value == one,
        Argument::Pair(sizes) => sizes.iter().all(|size| size.value == one),
        Argument::Padding(_) => true,
        _ => false,
    })
}

/// An operand that is named again where that adds nothing.
pub(super) fn same_operand(checked: &CheckedGraph, node: usize) -> Findings {
    let written = &checked.graph.nodes[node];
    let Some(Source::Merge(merge @ Merge { own: None, .. })) = &written.field.source else {
        return Vec::new();
    };
    let Some(what) = of_itself(merge) else { return Vec::new() };
    let same = |one: &Edge, other: &Edge| (one.node, one.present) == (other.node, other.present);
    let again = written.feeds.iter().enumerate();
    let again = again.filter(|(index, edge)| written.feeds[..*index].iter().any(|o| same(o, edge)));
    let name = written.name();
    again
        .map(|(_, edge)| {
            let (operand, rule) = (&edge.name, merge.rule.name);
            let text = format!(
                "`{name}`: `{rule}` takes `{operand}` twice, {what}; name another node, or leave one \
                 out"
            );
            (edge.name.span(), text)
        })
        .collect()
}

/// What a merge makes of an operand that it takes twice; `None` where that may be meant, as a square.
fn of_itself(merge: &Merge) -> Option<&'static str> {
    let normalized = merge.arguments.iter().any(|given| matches!(given, Argument::Flag(true)));
    Some(match merge.rule.name {
        "subtract" => "and their difference is 0",
        "distance" => "and their distance is 0",
        "dot" if normalized => "and their cosine is 1",
        "add" | "average" => "which only changes its scale",
        "maximum" | "minimum" => "which changes nothing",
        "concat" => "which adds weights, and nothing to learn from",
        _ => return None,
    })
}
