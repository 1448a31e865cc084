//! What is emitted beside the errors, so that the rest of the user's crate shows none of its own:
//! the same types, with bodies that never run.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{Fields, Item, Type};

use super::{model, network, rows};
use crate::{
    diagnostics::Diagnostics,
    graph::RawModelHead,
    names::{self, Names},
    parse::{const_argument, is_ours, Element, Field, FieldType, LayerKind, RawModel, Source},
    text::plain,
};

/// For an item that is no struct with named fields: the item as it was, and the errors.
pub(crate) fn unreadable(item: TokenStream, errors: Diagnostics) -> TokenStream {
    let errors = match errors.finish() {
        Ok(()) => TokenStream::new(),
        Err(error) => error.into_compile_error(),
    };
    // Tokens that are no item at all would only repeat the error.
    let item = syn::parse2::<Item>(item).map(without_ours).unwrap_or_default();
    quote!(#item #errors)
}

/// Our attributes mean nothing to rustc, and are taken off the fields.
fn without_ours(mut item: Item) -> TokenStream {
    match &mut item {
        Item::Struct(item) => clean(&mut item.fields),
        Item::Enum(item) => item.variants.iter_mut().for_each(|variant| clean(&mut variant.fields)),
        Item::Union(item) => item.fields.named.iter_mut().for_each(clean_field),
        _ => {}
    }
    quote!(#item)
}

fn clean(fields: &mut Fields) {
    fields.iter_mut().for_each(clean_field);
}

fn clean_field(field: &mut syn::Field) {
    field.attrs.retain(|attribute| !is_ours(attribute));
    if !rows::is_spelled_out(&quote::ToTokens::to_token_stream(&field.ty)) {
        field.ty = syn::parse_quote!(());
    }
}

/// Stubs for a model with mistakes in it.
pub(crate) fn fallback(raw: &RawModel) -> TokenStream {
    let names = Names::of(&raw.name);
    let head = RawModelHead {
        attributes: raw.attributes.clone(),
        visibility: raw.visibility.clone(),
        name: raw.name.clone(),
        options: raw.options.clone(),
        derives: raw.derives,
    };
    let rows = row_stubs(raw, &head, &names);
    let types = type_stubs(raw, &names);
    let traits = trait_stubs(raw, &names);
    quote!(#rows #types #traits)
}

/// The modules of the user's own, each with the type parameter of the model.
fn own_modules(raw: &RawModel) -> Vec<(Ident, &Type)> {
    let branches = raw.fields.iter().filter_map(|field| field.branch.as_ref());
    let modules =
        branches.flat_map(|branch| &branch.layers).filter_map(|layer| match &layer.kind {
            LayerKind::Own { module, .. } => Some(&**module),
            _ => None,
        });
    modules.enumerate().map(|(index, module)| (format_ident!("M{index}"), module)).collect()
}

fn inputs(raw: &RawModel) -> impl Iterator<Item = &Field> {
    raw.fields.iter().filter(|field| matches!(field.source, Some(Source::Input(_))))
}

fn derived(raw: &RawModel) -> impl Iterator<Item = &Field> {
    raw.fields.iter().filter(|field| matches!(field.source, Some(Source::Derived(_))))
}

/// The outputs; without those that are inputs as well, which is a mistake.
fn outputs(raw: &RawModel) -> impl Iterator<Item = &Field> {
    raw.fields.iter().filter(|field| field.output.is_some() && !is_input(field))
}

fn row_stubs(raw: &RawModel, head: &RawModelHead, names: &Names) -> TokenStream {
    let krate = &raw.options.krate;
    let raw_field = |field: &Field| rows::field(field, raw.derives, rows::raw_type(field, krate));
    let predicted =
        |field: &Field| rows::field(field, raw.derives, rows::predicted_type(field, krate));
    let inputs: Vec<_> = inputs(raw).map(raw_field).collect();
    let targets: Vec<_> = outputs(raw).map(raw_field).collect();
    let predicted: Vec<_> = outputs(raw).map(predicted).collect();
    let structs = [
        rows::row(head, &names.inputs, "One row to predict from.", inputs.clone()),
        rows::row(head, &names.sample, "One row to train on.", [inputs, targets].concat()),
        rows::row(head, &names.outputs, "What is predicted for one row.", predicted),
    ];
    let deserialize = (!raw.derives.deserialize).then(|| {
        let stub = |name| {
            quote! {
                impl<'de> #krate::private::serde::Deserialize<'de> for #name {
                    fn deserialize<De: #krate::private::serde::Deserializer<'de>>(
                        _: De,
                    ) -> ::core::result::Result<Self, De::Error> {
                        ::core::unreachable!()
                    }
                }
            }
        };
        let (inputs, sample) = (stub(&names.inputs), stub(&names.sample));
        quote!(#inputs #sample)
    });
    let (inputs, sample) = (&names.inputs, &names.sample);
    quote! {
        #(#structs)*
        #deserialize
        impl ::core::convert::From<#sample> for #inputs {
            fn from(_: #sample) -> Self { ::core::unreachable!() }
        }
    }
}

fn type_stubs(raw: &RawModel, names: &Names) -> TokenStream {
    let (krate, visibility) = (&raw.options.krate, &raw.visibility);
    let Names { definition, model, batch, heads, .. } = names;
    let private = quote!(#krate::private);
    // What is called as something of ours is a mistake of its own.
    let free = |field: &&Field| {
        !names::is_in_the_batch(&field.name) && !names::is_in_the_definition(&field.name)
    };
    let handles = handle_stubs(raw, names);
    // All of them, for a name that could not be read may be the mistake.
    let metrics =
        multi_input_spec::METRICS.iter().map(|metric| format_ident!("{}", metric.type_name));
    let metrics: Vec<Ident> = metrics.collect();
    let reported = (0..outputs(raw).count()).map(|index| {
        let class_output = network::class_output(krate, definition, index);
        quote! {
            #(impl #krate::metric::ReportedBy<#definition, #index> for #krate::metric::#metrics {})*
            #class_output
        }
    });
    let own = own_modules(raw);
    let parameters: Vec<&Ident> = own.iter().map(|(parameter, _)| parameter).collect();
    let modules: Vec<&Type> = own.iter().map(|(_, module)| *module).collect();
    let batch_fields = inputs(raw).chain(derived(raw)).filter(free).map(|field| {
        let (name, tensor) = (&field.name, tensor(field, krate));
        match field.ty.as_ref().is_some_and(|ty| ty.optional) {
            true => quote!(pub #name: #krate::missing::Optional<#tensor, B, E, D>),
            false => quote!(pub #name: #tensor),
        }
    });
    let head_fields = outputs(raw).filter(free).map(|field| {
        let (name, tensor) = (&field.name, tensor(field, krate));
        quote!(pub #name: #tensor)
    });
    // What is in a branch may be the mistake, so only its name is there.
    let branches = raw.fields.iter().filter(|field| field.branch.is_some()).map(|f| &f.name);
    let bounds = quote!(B: #private::Dim, E: #private::Dtype, D: #private::Device<E>);
    quote! {
        #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]
        #[allow(missing_docs, dead_code)]
        #visibility struct #definition { _definition: () }

        #(#reported)*

        #[allow(missing_docs, dead_code)]
        impl #definition {
            #handles
            pub const GRAPH: #krate::definition::Graph =
                <#definition as #krate::definition::Definition>::GRAPH;

            pub fn build<D: #krate::Compute<::core::primitive::f32>>(
                _: &D,
                _: #krate::Seed,
            ) -> #krate::Model<#definition, ::core::primitive::f32, D>
            where
                #(#modules: #private::BuildOnDevice<D, ::core::primitive::f32>,)*
            {
                ::core::unreachable!()
            }

            pub fn summary() -> #krate::Summary {
                ::core::unreachable!()
            }
        }

        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #[allow(missing_docs, dead_code)]
        #visibility struct #model<E: #private::Dtype, D: #private::Storage<E>, #(#parameters),*> {
            #(pub #branches: (),)*
            _stub: ::core::marker::PhantomData<(E, D, #(#parameters),*)>,
        }

        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #[allow(missing_docs, dead_code)]
        #visibility struct #batch<#bounds, T = #private::NoneTape> {
            #(#batch_fields,)*
            pub tape: T,
            _stub: ::core::marker::PhantomData<(B, E, D)>,
        }

        #[allow(missing_docs, dead_code)]
        impl<#bounds> #batch<B, E, D> {
            pub fn traced(
                self,
                _: #private::Gradients<E, D>,
            ) -> #batch<B, E, D, #private::OwnedTape<E, D>> {
                ::core::unreachable!()
            }
        }

        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #[allow(missing_docs, dead_code)]
        #visibility struct #heads<#bounds, T = #private::NoneTape> {
            #(#head_fields,)*
            pub tape: T,
            _stub: ::core::marker::PhantomData<(B, E, D)>,
        }
    }
}

/// The handles of nodes and outputs.
fn handle_stubs(raw: &RawModel, names: &Names) -> TokenStream {
    let (krate, definition) = (&raw.options.krate, &names.definition);
    // What is called as something of ours is a mistake of its own.
    let free = |field: &&Field| !names::is_in_the_definition(&field.name);
    let outputs = outputs(raw).filter(free).enumerate().map(|(index, field)| {
        let (name, text) = (&field.name, plain(&field.name));
        quote! {
            #[allow(non_upper_case_globals)]
            pub const #name: #krate::train::OutputOf<#definition, #index> =
                #krate::train::OutputOf::new(#text);
        }
    });
    let is_output = |field: &Field| field.output.is_some() && !is_input(field);
    let mut seen = std::collections::HashSet::new();
    let nodes = raw.fields.iter().filter(|field| !is_output(field));
    // A doubled field is a mistake of its own.
    let nodes = nodes.filter(|field| seen.insert(field.name.to_string())).map(|field| {
        let (handle, text) = (names::handle(&field.name), plain(&field.name));
        let kind = match field.ty {
            // It may be the one that can be dropped.
            None => format_ident!("OptionalInputOf"),
            Some(_) => model::node_kind(field),
        };
        quote! {
            #[allow(non_upper_case_globals)]
            pub const #handle: #krate::train::#kind<#definition> =
                #krate::train::#kind::new(#text);
        }
    });
    let nodes: Vec<_> = nodes.collect();
    quote!(#(#outputs)* #(#nodes)*)
}

fn is_input(field: &Field) -> bool {
    matches!(field.source, Some(Source::Input(_)))
}

/// A batch of what an input or target holds; of nothing where its type could not be read.
fn tensor(field: &Field, krate: &TokenStream) -> TokenStream {
    let Some(FieldType { element, dims, .. }) = &field.ty else { return quote!(()) };
    let mut sizes: Vec<TokenStream> = dims.iter().map(|dim| const_argument(&dim.tokens)).collect();
    match element {
        Element::Class(classes) => sizes.push(const_argument(&classes.tokens)),
        Element::U32 => {}
        Element::F32 | Element::F64 | Element::I64 | Element::U64 | Element::Bool => {
            if sizes.is_empty() {
                sizes.push(quote!(1));
            }
        }
        Element::Text | Element::Image(_) | Element::Date(_) | Element::Inferred => {
            return quote!(());
        }
    }
    let private = quote!(#krate::private);
    let number = match element {
        Element::U32 => quote!(::core::primitive::usize),
        _ => quote!(E),
    };
    match sizes.len() > multi_input_spec::MAX_RANK {
        true => quote!(()),
        false => quote!(#private::Tensor<(B, #(#private::Const<#sizes>,)*), #number, D>),
    }
}

fn trait_stubs(raw: &RawModel, names: &Names) -> TokenStream {
    let krate = &raw.options.krate;
    let own = own_modules(raw);
    let parameters: Vec<&Ident> = own.iter().map(|(parameter, _)| parameter).collect();
    let modules: Vec<&Type> = own.iter().map(|(_, module)| *module).collect();
    let Names { definition, inputs, sample, outputs, model, batch, heads } = names;
    let private = quote!(#krate::private);
    let error = quote!(<D as #private::HasErr>::Err);
    quote! {
        impl<
            E: #private::Element,
            D: #private::Device<E>,
            #(#parameters: #private::TensorCollection<E, D>),*
        > #private::TensorCollection<E, D> for #model<E, D, #(#parameters),*> {
            type To<E2: #private::Dtype, D2: #private::Device<E2>> =
                #model<E2, D2, #(#parameters::To<E2, D2>),*>;
            fn iter_tensors<V: #private::ModuleVisitor<Self, E, D>>(
                _: &mut V,
            ) -> ::core::result::Result<::core::option::Option<Self::To<V::E2, V::D2>>, V::Err> {
                ::core::unreachable!()
            }
        }

        impl<E: #private::Dtype, D: #private::Storage<E>, #(#parameters),*> #private::NonMutableModule
            for #model<E, D, #(#parameters),*> {}

        impl<
            B: #private::Dim,
            E: #private::Element,
            D: #private::Backend<E>,
            T: #private::Tape<E, D>,
            #(#parameters),*
        > #private::Module<#batch<B, E, D, T>> for #model<E, D, #(#parameters),*> {
            type Output = #heads<B, E, D, T>;
            type Error = D::Err;
            fn try_forward(
                &self,
                _: #batch<B, E, D, T>,
            ) -> ::core::result::Result<Self::Output, D::Err> {
                ::core::unreachable!()
            }
        }

        impl<E: #private::Element, D: #private::Backend<E>> #private::BuildOnDevice<D, E> for #definition
        where
            #(#modules: #private::BuildOnDevice<D, E>,)*
        {
            type Built =
                #model<E, D, #(<#modules as #private::BuildOnDevice<D, E>>::Built),*>;
        }

        impl #krate::definition::Definition for #definition {
            type Inputs = #inputs;
            type Sample = #sample;
            type Outputs = #outputs;
            const GRAPH: #krate::definition::Graph =
                #krate::definition::Graph {
                    name: "",
                    nodes: &[],
                    inputs: &[],
                    derived: &[],
                    outputs: &[],
                };
            fn write_inputs(_: &#inputs, _: &mut #krate::data::RowWriter<'_>) {}
            fn write_sample(_: &#sample, _: &mut #krate::data::RowWriter<'_>) {}
            fn read_outputs(_: &mut #krate::data::RowReader<'_>) -> #outputs {
                ::core::unreachable!()
            }
        }

        impl<E: #private::Element, D: #private::Backend<E>> #krate::definition::Network<E, D> for #definition
        where
            #(#modules: #private::BuildOnDevice<D, E>,)*
        {
            fn predict(
                _: &Self::Built,
                _: &#krate::data::Batch<'_>,
                _: &D,
            ) -> ::core::result::Result<::std::vec::Vec<#krate::definition::Head<E, D>>, #error> {
                ::core::unreachable!()
            }
            fn train(
                _: &mut Self::Built,
                _: &#krate::data::Batch<'_>,
                _: &D,
                _: #private::OwnedTape<E, D>,
            ) -> ::core::result::Result<
                (::std::vec::Vec<#krate::definition::Head<E, D>>, #private::OwnedTape<E, D>),
                #error,
            > {
                ::core::unreachable!()
            }
            fn penalize(
                _: &Self::Built,
                _: &mut #krate::train::Penalties<E, D>,
            ) -> ::core::result::Result<(), #error> {
                ::core::unreachable!()
            }
            fn set_draw(_: &mut Self::Built, _: #krate::layer::Draw) {}
            fn set_frozen(
                _: &mut Self::Built,
                _: &dyn ::core::ops::Fn(&::core::primitive::str) -> ::core::primitive::bool,
            ) {}
        }
    }
}
