//! [`CheckedGraph`] to [`Plan`]: the fusion of layers, and the layers that need no gradient with
//! respect to their input.
//!
//! A layer that can be fused with the next layers or with the merge before it declares so in its
//! [`Form`]: one pass over a picture is cheaper than two. If no trained parameter lies between the
//! rows of the batch and a layer, training does not compute the gradient with respect to its input.

use std::ops::Range;

use multi_input_spec::{layer::Form, Kind};

use crate::{
    check::CheckedGraph,
    graph::Graph,
    parse::{Argument, LayerKind, SizeExpr, Source},
    shape::{Module, ShapedLayer},
};

/// A checked graph with a plan for each node.
pub(crate) struct Plan<'a> {
    pub(crate) checked: &'a CheckedGraph,
    pub(crate) nodes: Vec<NodePlan<'a>>,
}

/// The plan of one node.
#[derive(Default)]
pub(crate) struct NodePlan<'a> {
    /// The layers of its branch in the module.
    pub(crate) layers: Vec<Held<'a>>,
    /// The calls of the layers, in order.
    pub(crate) calls: Vec<Call>,
    /// For an input of categories: the sizes of all embeddings it indexes.
    pub(crate) tables: Vec<&'a SizeExpr>,
    /// Whether no trained parameter lies before its output.
    gives_data: bool,
}

/// A layer in the module.
pub(crate) struct Held<'a> {
    pub(crate) layer: &'a ShapedLayer,
    /// Its index in the user's list.
    pub(crate) index: usize,
    pub(crate) ending: Ending,
}

/// Whether a layer applies its final activation.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Ending {
    Applied,
    /// The loss is computed from logits, and the activation is applied to predictions only.
    LeftToTheLoss,
}

/// The call of a layer and the layers fused with it, as indices into the held layers.
pub(crate) struct Call {
    pub(crate) layer: usize,
    /// The method that fuses the layer with the next ones, and their indices.
    pub(crate) next: Option<(&'static str, Range<usize>)>,
    /// The method that fuses the layer with the merge before it.
    pub(crate) merge: Option<&'static str>,
    /// Whether no trained parameter lies before it.
    pub(crate) on_data: bool,
}

/// Plans every node, in topological order.
pub(crate) fn plan(checked: &CheckedGraph) -> Plan<'_> {
    let graph = &checked.graph;
    let mut nodes: Vec<NodePlan<'_>> = graph.nodes.iter().map(|_| NodePlan::default()).collect();
    for &position in &graph.order {
        let mut feeds = graph.nodes[position].feeds.iter();
        let is_fed_data =
            graph.nodes[position].is_input() || feeds.all(|edge| nodes[edge.node].gives_data);
        let layers = held(checked, position);
        nodes[position] = NodePlan {
            calls: calls(graph, position, &layers, is_fed_data),
            tables: tables(checked, position),
            gives_data: is_fed_data
                && (graph.is_frozen(position) || !layers.iter().any(|held| learns(held.layer)))
                && !graph.nodes[position].learns_a_stand_in(),
            layers,
        };
    }
    Plan { checked, nodes }
}

/// The layers of a node's branch in the module.
fn held(checked: &CheckedGraph, node: usize) -> Vec<Held<'_>> {
    let (link, layers) = (checked.graph.nodes[node].link(), &checked.shapes[node].layers);
    let held = layers.iter().enumerate().map(|(index, layer)| {
        let is_left = index + 1 == layers.len() && layer.module.ends_in(link);
        let ending = if is_left { Ending::LeftToTheLoss } else { Ending::Applied };
        Held { layer, index, ending }
    });
    let does_nothing = |held: &Held<'_>| {
        let is_alone = matches!(held.layer.module, Module::Activation { .. });
        is_alone && held.ending == Ending::LeftToTheLoss
    };
    held.filter(|held| !does_nothing(held)).collect()
}

/// The calls of a node's branch, in order.
fn calls(graph: &Graph, node: usize, layers: &[Held<'_>], is_fed_data: bool) -> Vec<Call> {
    let frozen = graph.is_frozen(node);
    let mut on_data = is_fed_data;
    let mut merge = match &graph.nodes[node].field.source {
        Some(Source::Merge(merge)) => Some(merge.rule.name),
        _ => None,
    };
    let (mut calls, mut index) = (Vec::new(), 0);
    while let Some(held) = layers.get(index) {
        let form = form(held.layer);
        let rest = index + 1;
        let fusions = form.map_or(&[][..], |form| form.fusions);
        let next = fusions
            .iter()
            .find(|fusion| are_named(&layers[rest..], fusion.next))
            .map(|fusion| (fusion.method, rest..rest + fusion.next.len()));
        let taken = form.and_then(|form| form.merge).filter(|taken| merge == Some(taken.merge));
        let end = next.as_ref().map_or(rest, |(_, taken)| taken.end);
        calls.push(Call { layer: index, next, merge: taken.map(|taken| taken.method), on_data });
        merge = None;
        on_data &= frozen || !learns(held.layer);
        index = end;
    }
    calls
}

/// Whether a layer has trained parameters. A custom module may.
fn learns(layer: &ShapedLayer) -> bool {
    match &layer.module {
        Module::Named(named) => named.call.spec.form.holds_tensors,
        Module::Custom { .. } => true,
        Module::Activation { .. } => false,
    }
}

fn form(layer: &ShapedLayer) -> Option<&'static Form> {
    layer.module.call().map(|call| &call.spec.form)
}

/// Whether the layers begin with layers of these names.
fn are_named(layers: &[Held<'_>], names: &[&str]) -> bool {
    let is_named = |(held, name): (&Held<'_>, &&str)| {
        held.layer.module.call().is_some_and(|call| call.spec.name == *name)
    };
    layers.len() >= names.len() && layers.iter().zip(names).all(is_named)
}

/// The sizes of all embeddings that an input of categories indexes. Nodes without a branch pass
/// categories on, and the merge `weighted` those of its first operand; other merges do not accept
/// them, so there is one path to each embedding.
fn tables(checked: &CheckedGraph, input: usize) -> Vec<&SizeExpr> {
    let mut tables = Vec::new();
    let raw = checked.shapes[input].raw.as_ref();
    if raw.is_some_and(|raw| raw.shape.kind == Kind::Categories) {
        collect_tables(&checked.graph, input, &mut tables);
    }
    tables
}

fn collect_tables<'a>(graph: &'a Graph, node: usize, tables: &mut Vec<&'a SizeExpr>) {
    let branch = graph.owner(node).field.branch.as_ref();
    match branch.and_then(|branch| branch.layers.first()).map(|first| &first.kind) {
        None => {
            graph.consumers(node).for_each(|consumer| collect_tables(graph, consumer, tables));
        }
        Some(LayerKind::Named { spec, arguments, .. }) if spec.form.looks_up => {
            if let Some(Argument::Size(size)) = arguments.first() {
                tables.push(size);
            }
        }
        Some(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use quote::{format_ident, quote};

    use crate::expand_model;

    fn expansion(input: proc_macro2::TokenStream) -> String {
        let item = quote! {
            pub struct Model {
                #input
                #[merge(concat(a, b))]
                joined: _,
                #[from(joined)]
                #[branch(Dense(1))]
                #[output(loss = mse)]
                y: f32,
            }
        };
        let text = expand_model(proc_macro2::TokenStream::new(), item).to_string();
        assert!(!text.contains("compile_error"), "{text}");
        text
    }

    fn count(text: &str, what: &str) -> usize {
        text.matches(what).count()
    }

    #[test]
    fn a_convolution_takes_the_pooling_after_it_along() {
        let text = expansion(quote! {
            #[input]
            #[branch(Conv2D(4, 3, relu), MaxPool2D(2), Conv2D(4, 3), MaxPool2D(2), Flatten)]
            a: [[[f32; 20]; 20]; 3],
            #[input]
            #[branch(Conv2D(4, 3, relu), Dropout(0.5), MaxPool2D(2), Flatten)]
            b: [[[f32; 20]; 20]; 3],
        });
        // In inference and in training; in training the first of them is on data, like the one of
        // `b`.
        assert_eq!(count(&text, "try_forward_pooled "), 2, "{text}");
        assert_eq!(count(&text, "try_forward_pooled_flat"), 2, "{text}");
        assert_eq!(count(&text, "Origin :: Data"), 2, "{text}");
        assert_eq!(count(&text, "Origin :: Computed"), 3, "{text}");
    }

    #[test]
    fn a_dense_layer_takes_the_concatenation_before_it_along() {
        let model = |branch: proc_macro2::TokenStream| {
            let item = quote! {
                pub struct Model {
                    #[input]
                    a: [f32; 3],
                    #[input]
                    b: [f32; 3],
                    #[merge(concat(a, b))]
                    #[branch(#branch)]
                    #[output(loss = mse)]
                    y: f32,
                }
            };
            expand_model(proc_macro2::TokenStream::new(), item).to_string()
        };
        let text = model(quote!(Dense(2), Dense(1)));
        // In inference and in training.
        assert_eq!(count(&text, "try_forward_concat"), 2, "{text}");
        assert_eq!(count(&text, "merge :: concat ("), 0, "{text}");
        assert_eq!(count(&text, "Origin :: Data"), 1, "{text}");
        let text = model(quote!(LayerNorm, Dense(1)));
        assert_eq!(count(&text, "try_forward_concat"), 0, "{text}");
    }

    #[test]
    fn a_deep_chain_of_diamonds_is_walked_once() {
        let (mut nodes, mut last) = (proc_macro2::TokenStream::new(), format_ident!("a"));
        for level in 0..64 {
            let name = |side: &str| format_ident!("{side}{level}");
            let (left, right, both) = (name("left"), name("right"), name("both"));
            nodes.extend(quote! {
                #[from(#last)]
                #left: _,
                #[from(#last)]
                #right: _,
                #[merge(add(#left, #right))]
                #both: _,
            });
            last = both;
        }
        let item = quote! {
            struct Model {
                #[input]
                a: [f32; 3],
                #nodes
                #[from(#last)]
                #[branch(Dense(1))]
                #[output(loss = mse)]
                y: f32,
            }
        };
        let text = expand_model(proc_macro2::TokenStream::new(), item).to_string();
        assert!(!text.contains("compile_error"), "{text}");
        assert_eq!(count(&text, "try_forward_from"), 1, "{text}");
    }

    #[test]
    fn what_stands_on_data_says_so() {
        // A flatten, a merge of inputs and a frozen layer have no trained parameters.
        let data = expansion(quote! {
            #[input]
            #[branch(Flatten)]
            a: [[f32; 2]; 2],
            #[input]
            #[branch(Dense(3), frozen)]
            b: [f32; 2],
        });
        assert_eq!(count(&data, "try_forward_from"), 2, "{data}");
        let trained = expansion(quote! {
            #[input(missing = learned)]
            a: Option<[f32; 2]>,
            #[input]
            b: [f32; 2],
        });
        assert_eq!(count(&trained, "try_forward_from"), 0, "{trained}");
    }
}
