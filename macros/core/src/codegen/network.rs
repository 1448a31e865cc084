//! The impls for training: `Definition`, `BuildOnDevice` and `Network`.

use multi_input_spec::{Kind, Target};
use proc_macro2::TokenStream;
use quote::quote;

use super::{
    custom,
    forward::{self, Mode},
    graph, metrics, rows,
    signatures::{DefinitionContent, NetworkBodies},
    tensors, Expansion,
};
use crate::names;

/// `impl Definition for HousePrice`, and the traits of its outputs.
pub(crate) fn definition(expansion: &Expansion<'_>) -> TokenStream {
    let (krate, sample) = (&expansion.paths.krate, &expansion.names.sample);
    let (graph, signatures) = (&expansion.checked.graph, expansion.signatures());
    let class_outputs = class_outputs(expansion);
    // With the user's own `Deserialize`, the reading of rows is unknown.
    let sample_row = (signatures.has_samples && !graph.model.derives.deserialize).then(|| {
        let (option, some) = (&expansion.paths.option, &expansion.paths.some);
        quote! {
            const SAMPLE_ROW: #option<&'static #krate::data::columns::RowSpec> =
                #some(<#sample as #krate::data::columns::FromColumns>::ROW);
        }
    });
    let inputs_row = (!graph.model.derives.deserialize).then(|| {
        let (option, some) = (&expansion.paths.option, &expansion.paths.some);
        let inputs = &expansion.names.inputs;
        quote! {
            const INPUTS_ROW: #option<&'static #krate::data::columns::RowSpec> =
                #some(<#inputs as #krate::data::columns::FromColumns>::ROW);
        }
    });
    let inputs: Vec<_> = graph.inputs().map(|node| &graph.nodes[node].field).collect();
    let outputs: Vec<_> = graph.outputs().map(|node| &graph.nodes[node].field).collect();
    let definition = signatures.definition_of_rows(&DefinitionContent {
        schema: graph::schema(expansion),
        graph: graph::constant(expansion),
        rows: quote!(#sample_row #inputs_row),
        inputs: rows::input_fields(&inputs, krate),
        outputs: rows::output_fields(&outputs, &signatures),
        values: graph.values().map(|node| graph.nodes[node].name()).collect(),
    });
    let checks = metrics::checks(expansion);
    quote!(#class_outputs #definition #checks)
}

/// The outputs with classes, for class weights.
fn class_outputs(expansion: &Expansion<'_>) -> TokenStream {
    let (graph, signatures) = (&expansion.checked.graph, expansion.signatures());
    let outputs = graph.outputs().enumerate().filter(|(_, node)| {
        let target = graph.nodes[*node].target();
        matches!(target, Some(Target::Class | Target::Flag | Target::Flags))
    });
    outputs.map(|(index, _)| signatures.class_output(index)).collect()
}

/// `impl BuildOnDevice`, `impl Network` and `impl Differentiable for HousePrice`.
pub(crate) fn network(expansion: &Expansion<'_>) -> TokenStream {
    let (private, graph) = (&expansion.paths.private, &expansion.checked.graph);
    let signatures = expansion.signatures();
    let bounds = |mode, tape| {
        let batch = quote!(::core::primitive::usize);
        expansion.custom_bounds(&signatures.built(), &custom::Passing { mode, batch, tape })
    };
    let inference = bounds(Mode::Inference, quote!(#private::NoneTape));
    let training = bounds(Mode::Training, quote!(#private::OwnedTape<E, D>));
    let bodies = NetworkBodies {
        batch: batch(expansion),
        heads: graph.outputs().map(|node| graph.nodes[node].name().clone()).collect(),
        values: graph.values().map(|node| graph.nodes[node].name().clone()).collect(),
        weights: graph
            .outputs()
            .map(|node| &graph.nodes[node])
            .filter(|node| node.learns_its_weight())
            .map(|node| names::log_variance(node.name()))
            .collect(),
        penalties: tensors::penalties(expansion),
        keys: tensors::set_rng_keys(expansion, &quote!(key_)),
        freezes: tensors::set_frozen(expansion, &quote!(frozen_)),
    };
    let network = signatures.network(&quote!(#inference #training), &bodies);
    let traced = bounds(Mode::Inference, quote!(#private::OwnedTape<E, D>));
    let is_numbers = |node: usize| expansion.checked.shapes[node].input.shape.kind == Kind::Numbers;
    let inputs = graph.entries().filter(|(_, node)| is_numbers(*node));
    let inputs = inputs.map(|(column, node)| (column, forward::path_in_batch(expansion, node)));
    let bounds = quote!(#inference #training #traced);
    let differentiable = signatures.differentiable(&bounds, &bodies, &inputs.collect::<Vec<_>>());
    let own = custom::modules_of_the_user(expansion);
    quote!(#own #network #differentiable)
}

/// The typed batch from the columns of rows.
fn batch(expansion: &Expansion<'_>) -> TokenStream {
    let (private, krate, name) =
        (&expansion.paths.private, &expansion.paths.krate, &expansion.names.batch);
    let graph = &expansion.checked.graph;
    let fields = graph.entries().map(|(column, node)| {
        let field = graph.nodes[node].name();
        let present = quote!(rows_.present(#column, device_)?);
        if graph.stays_raw(node) {
            return quote!(#field: #krate::missing::Presence { present: #present });
        }
        let flow = &expansion.checked.shapes[node].input;
        let read = match flow.shape.kind {
            Kind::Categories => quote!(categories::<_, E, D>),
            _ => quote!(numbers),
        };
        let sizes = expansion.formulas.arguments(flow);
        let values = quote! {
            rows_.#read(#column, (rows_.len(), #(#private::Const::<#sizes>,)*), device_)?
        };
        let values = match flow.shape.is_masked() {
            true => {
                let steps = &expansion.formulas.sizes(flow)[0];
                let mask = quote!(rows_.mask::<E, D>(#column, #steps)?);
                quote!(#krate::layer::Padded { values: #values, mask: #mask })
            }
            false => values,
        };
        match graph.nodes[node].absence {
            None => quote!(#field: #values),
            Some(_) => quote! {
                #field: #krate::missing::Optional {
                    values: #values,
                    present: #present,
                }
            },
        }
    });
    quote!(#name { #(#fields,)* tape: tape_ })
}
