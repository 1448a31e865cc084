//! What the trainer needs of the model: `Definition`, `BuildOnDevice` and `Network`.

use multi_input_spec::{Kind, Target};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::{graph, own, tensors, Expansion};

/// `impl Definition for HousePrice`.
pub(crate) fn definition(expansion: &Expansion<'_>) -> TokenStream {
    let (krate, names) = (&expansion.paths.krate, &expansion.names);
    let (definition, inputs, sample, outputs) =
        (&names.definition, &names.inputs, &names.sample, &names.outputs);
    let nodes = &expansion.checked.graph.nodes;
    let input_names: Vec<_> =
        expansion.checked.graph.inputs().map(|node| nodes[node].name()).collect();
    let output_names: Vec<_> =
        expansion.checked.graph.outputs().map(|node| nodes[node].name()).collect();
    let graph = graph::constant(expansion);
    let (reported, class_outputs) = (reported(expansion), class_outputs(expansion));
    // Rows that the user reads are the user's business.
    let sample_row = (!expansion.checked.graph.model.derives.deserialize).then(|| {
        let (option, some) = (&expansion.paths.option, &expansion.paths.some);
        quote! {
            const SAMPLE_ROW: #option<&'static #krate::data::columns::RowSpec> =
                #some(<#sample as #krate::data::columns::FromColumns>::ROW);
        }
    });
    quote! {
        #reported
        #class_outputs

        impl #krate::definition::Definition for #definition {
            type Inputs = #inputs;
            type Sample = #sample;
            type Outputs = #outputs;

            const GRAPH: #krate::definition::Graph = #graph;
            #sample_row

            fn write_inputs(inputs: &#inputs, row: &mut #krate::data::RowWriter<'_>) {
                #(row.put(&inputs.#input_names);)*
            }

            fn write_sample(sample: &#sample, row: &mut #krate::data::RowWriter<'_>) {
                #(row.put(&sample.#input_names);)*
                #(row.put(&sample.#output_names);)*
            }

            fn read_outputs(row: &mut #krate::data::RowReader<'_>) -> #outputs {
                #outputs { #(#output_names: row.take(),)* }
            }
        }
    }
}

/// `impl ReportedBy<HousePrice, 0> for Mae`: which metrics the outputs report, for monitors.
fn reported(expansion: &Expansion<'_>) -> TokenStream {
    let (krate, definition) = (&expansion.paths.krate, &expansion.names.definition);
    let graph = &expansion.checked.graph;
    let outputs = graph.outputs().enumerate().filter_map(|(index, node)| {
        let output = graph.nodes[node].field.output.as_ref()?;
        let metrics = output.metrics.iter().map(move |metric| {
            let metric = Ident::new(metric.spec.type_name, Span::call_site());
            quote!(impl #krate::metric::ReportedBy<#definition, #index> for #krate::metric::#metric {})
        });
        Some(quote!(#(#metrics)*))
    });
    quote!(#(#outputs)*)
}

/// `impl ClassOutput<HousePrice> for OutputOf<HousePrice, 1>`: which outputs have classes that can be
/// weighed.
fn class_outputs(expansion: &Expansion<'_>) -> TokenStream {
    let (krate, definition) = (&expansion.paths.krate, &expansion.names.definition);
    let graph = &expansion.checked.graph;
    let outputs = graph.outputs().enumerate().filter_map(|(index, node)| {
        let has_classes = matches!(graph.nodes[node].target(), Some(Target::Class | Target::Flag));
        has_classes.then(|| class_output(krate, definition, index))
    });
    quote!(#(#outputs)*)
}

/// The same of one output.
pub(super) fn class_output(krate: &TokenStream, definition: &Ident, index: usize) -> TokenStream {
    quote! {
        #[diagnostic::do_not_recommend]
        impl #krate::train::ClassOutput<#definition> for #krate::train::OutputOf<#definition, #index> {
            fn index(&self) -> ::core::primitive::usize {
                #index
            }
        }
    }
}

/// `impl BuildOnDevice` and `impl Network for HousePrice`.
pub(crate) fn network(expansion: &Expansion<'_>) -> TokenStream {
    let (private, krate, names) =
        (&expansion.paths.private, &expansion.paths.krate, &expansion.names);
    let (result, ok, vec) = (&expansion.paths.result, &expansion.paths.ok, &expansion.paths.vec);
    let (definition, model) = (&names.definition, &names.model);
    let built = expansion.own_built();
    let modules: Vec<_> = expansion.own.iter().map(|own| own.module).collect();
    let usize_tokens = quote!(::core::primitive::usize);
    let inference = expansion.own_bounds(
        &built,
        (&quote!(#private::Module), &usize_tokens, &quote!(#private::NoneTape)),
    );
    let training = expansion.own_bounds(
        &built,
        (&quote!(#private::ModuleMut), &usize_tokens, &quote!(#private::OwnedTape<E, D>)),
    );
    let penalties = tensors::penalties(expansion);
    let draws = tensors::set_draws(expansion, &quote!(draw));
    let freezes = tensors::set_frozen(expansion, &quote!(frozen));
    let nodes = &expansion.checked.graph.nodes;
    let heads: Vec<_> = expansion.checked.graph.outputs().map(|node| nodes[node].name()).collect();
    let batch = batch(expansion);
    let claims = own::claims(expansion);
    let error = quote!(<D as #private::HasErr>::Err);
    quote! {
        impl<E: #private::Element, D: #private::Backend<E>> #private::BuildOnDevice<D, E> for #definition
        where
            #(#modules: #private::BuildOnDevice<D, E>,)*
        {
            type Built = #model<E, D, #(#built),*>;
        }

        impl<E: #private::Element, D: #private::Backend<E>> #krate::definition::Network<E, D> for #definition
        where
            #(#modules: #private::BuildOnDevice<D, E>,)*
            #inference
            #training
        {
            fn predict(
                module: &Self::Built,
                rows: &#krate::data::Batch<'_>,
                device: &D,
            ) -> #result<::std::vec::Vec<#krate::definition::Head<E, D>>, #error> {
                let tape = #private::NoneTape;
                let heads = #private::Module::try_forward(module, #batch)?;
                #ok(#vec![#(#private::head(heads.#heads)?),*])
            }

            fn train(
                module: &mut Self::Built,
                rows: &#krate::data::Batch<'_>,
                device: &D,
                tape: #private::OwnedTape<E, D>,
            ) -> #result<
                (::std::vec::Vec<#krate::definition::Head<E, D>>, #private::OwnedTape<E, D>),
                #error,
            > {
                let heads = #private::ModuleMut::try_forward_mut(module, #batch)?;
                #ok((#vec![#(#private::head(heads.#heads)?),*], heads.tape))
            }

            #[allow(unused_variables)]
            fn penalize(
                module: &Self::Built,
                penalties: &mut #krate::train::Penalties<E, D>,
            ) -> #result<(), #error> {
                #penalties
                #ok(())
            }

            #[allow(unused_variables)]
            fn set_draw(module: &mut Self::Built, draw: #krate::layer::Draw) {
                #draws
            }

            #[allow(unused_variables)]
            fn set_frozen(
                module: &mut Self::Built,
                frozen: &dyn ::core::ops::Fn(&::core::primitive::str) -> ::core::primitive::bool,
            ) {
                #freezes
            }
        }

        #claims
    }
}

/// The typed batch from the columns of rows.
fn batch(expansion: &Expansion<'_>) -> TokenStream {
    let (private, krate, name) =
        (&expansion.paths.private, &expansion.paths.krate, &expansion.names.batch);
    let graph = &expansion.checked.graph;
    let fields = graph.entries().map(|(column, node)| {
        let field = graph.nodes[node].name();
        let flow = &expansion.checked.shapes[node].input;
        let read = match flow.shape.kind {
            Kind::Categories => quote!(categories::<_, E, D>),
            _ => quote!(numbers),
        };
        let sizes = expansion.formulas.arguments(flow);
        let values = quote! {
            rows.#read(#column, (rows.len(), #(#private::Const::<#sizes>,)*), device)?
        };
        match graph.nodes[node].absence {
            None => quote!(#field: #values),
            Some(_) => quote! {
                #field: #krate::missing::Optional {
                    values: #values,
                    present: rows.present(#column, device)?,
                }
            },
        }
    });
    quote!(#name { #(#fields,)* tape })
}
