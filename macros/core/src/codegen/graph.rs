//! `const GRAPH`: the model as constant data.

use multi_input_spec::{Activation, Kind, Target};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::{model, Expansion};
use crate::{
    graph::Graph,
    parse::{Argument, LayerKind, Missing, Source},
    text::plain,
};

/// The value of the constant.
pub(crate) fn constant(expansion: &Expansion<'_>) -> TokenStream {
    let krate = &expansion.paths.krate;
    let graph = &expansion.checked.graph;
    let name = plain(&graph.model.name);
    let nodes = graph.order.iter().map(|&position| node(expansion, position));
    let inputs = graph.inputs().map(|position| input(expansion, position));
    let outputs = graph.outputs().map(|position| output(expansion, position));
    quote! {
        #krate::definition::Graph {
            name: #name,
            nodes: &[#(#nodes),*],
            inputs: &[#(#inputs),*],
            outputs: &[#(#outputs),*],
        }
    }
}

fn node(expansion: &Expansion<'_>, position: usize) -> TokenStream {
    let (krate, paths) = (&expansion.paths.krate, &expansion.paths);
    let (some, none) = (&paths.some, &paths.none);
    let graph = &expansion.checked.graph;
    let (node, shape) = (&graph.nodes[position], &expansion.checked.shapes[position]);
    let name = plain(node.name());
    let source = node.source_text();
    let fed_by = node.feeds.iter().map(|edge| plain(&edge.name));
    let layers = shape.layers.iter().map(|layer| {
        let (text, identity) = (&layer.text, &layer.identity);
        let sizes = layer.output.sizes();
        let parameters = match &layer.count {
            Some(count) => quote!(#some(#count)),
            None => quote!(#none),
        };
        quote! {
            #krate::definition::Layer {
                text: #text,
                identity: #identity,
                shape: &[#(#sizes),*],
                parameters: #parameters,
            }
        }
    });
    let shared = match node.shared {
        Some(owner) => {
            let owner = plain(graph.nodes[owner].name());
            quote!(#some(#owner))
        }
        None => quote!(#none),
    };
    let frozen = model::is_frozen(expansion, position);
    let stand_in = match node.learns_a_stand_in() {
        true => shape.output.elements(),
        false => quote!(0),
    };
    let (before, after) = (shape.input.sizes(), shape.output.sizes());
    quote! {
        #krate::definition::Node {
            name: #name,
            source: #source,
            fed_by: &[#(#fed_by),*],
            input_shape: &[#(#before),*],
            layers: &[#(#layers),*],
            shape: &[#(#after),*],
            shared: #shared,
            frozen: #frozen,
            stand_in: #stand_in,
        }
    }
}

fn input(expansion: &Expansion<'_>, position: usize) -> TokenStream {
    let krate = &expansion.paths.krate;
    let (node, shape) =
        (&expansion.checked.graph.nodes[position], &expansion.checked.shapes[position]);
    let Some(Source::Input(input)) = &node.field.source else { return TokenStream::new() };
    let name = plain(node.name());
    let kind = match shape.input.shape.kind {
        Kind::Numbers => quote!(Numbers),
        Kind::Categories => {
            let below = smallest_table(expansion, position);
            quote!(Categories { below: #below })
        }
    };
    let missing = match input.missing {
        None => expansion.paths.none.clone(),
        Some((policy, _)) => {
            let some = &expansion.paths.some;
            let policy = match policy {
                Missing::Zeros => quote!(Zeros),
                Missing::Mean => quote!(Mean),
                Missing::Learned => quote!(Learned),
            };
            quote!(#some(#krate::definition::Missing::#policy))
        }
    };
    let steps = input.steps.iter().map(|(step, _)| {
        let variant = Ident::new(step.variant, Span::call_site());
        quote!(#krate::definition::Step::#variant)
    });
    let sizes = shape.input.sizes();
    quote! {
        #krate::definition::Input {
            name: #name,
            kind: #krate::definition::InputKind::#kind,
            shape: &[#(#sizes),*],
            missing: #missing,
            steps: &[#(#steps),*],
        }
    }
}

/// The size of the smallest embedding that looks an input up: no index may reach it.
fn smallest_table(expansion: &Expansion<'_>, input: usize) -> TokenStream {
    let mut tables = Vec::new();
    collect_tables(&expansion.checked.graph, input, &mut tables);
    let private = &expansion.paths.private;
    quote!(#private::smallest(&[#(#tables),*]))
}

/// The sizes of all embeddings that look up what flows into `node`. Nodes without a branch hand it
/// on as it is.
fn collect_tables(graph: &Graph, node: usize, tables: &mut Vec<TokenStream>) {
    let owner = graph.nodes[node].shared.unwrap_or(node);
    match graph.nodes[owner].field.branch.as_ref().and_then(|branch| branch.layers.first()) {
        None => {
            graph.consumers(node).for_each(|consumer| collect_tables(graph, consumer, tables));
        }
        Some(first) => match &first.kind {
            LayerKind::Named { spec, arguments, .. } if spec.name == "Embedding" => {
                if let Some(Argument::Size(size)) = arguments.first() {
                    tables.push(size.tokens.clone());
                }
            }
            _ => {}
        },
    }
}

fn output(expansion: &Expansion<'_>, position: usize) -> TokenStream {
    let krate = &expansion.paths.krate;
    let (node, shape) =
        (&expansion.checked.graph.nodes[position], &expansion.checked.shapes[position]);
    let Some(output) = &node.field.output else { return TokenStream::new() };
    let name = plain(node.name());
    let target = match node.target() {
        Some(Target::Flag) => quote!(Flag),
        Some(Target::Class) => quote!(Class),
        _ => quote!(Numbers),
    };
    let loss = output.loss.as_ref().map(|loss| {
        let ty = Ident::new(loss.spec.type_name, Span::call_site());
        let fields = loss.spec.parameters.iter().zip(&loss.values).map(|((name, _), value)| {
            let name = Ident::new(name, Span::call_site());
            quote!(#name: #value)
        });
        match loss.values.is_empty() {
            true => quote!(&#krate::loss::#ty),
            false => quote!(&#krate::loss::#ty { #(#fields),* }),
        }
    });
    let metrics = output.metrics.iter().map(|(metric, _)| {
        let ty = Ident::new(metric.type_name, Span::call_site());
        quote!(&#krate::metric::#ty)
    });
    let link = match shape.link {
        Some(Activation::Softmax) => quote!(Softmax),
        Some(_) => quote!(Sigmoid),
        None => quote!(Identity),
    };
    let (weight, standardize, width) =
        (&output.weight, output.standardize.is_some(), shape.output.elements());
    quote! {
        #krate::definition::Output {
            name: #name,
            target: #krate::definition::Target::#target,
            width: #width,
            loss: #loss,
            weight: #weight,
            metrics: &[#(#metrics),*],
            link: #krate::definition::Link::#link,
            standardize: #standardize,
        }
    }
}
