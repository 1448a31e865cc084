//! What is emitted beside the errors, so that the rest of the user's crate shows none of its own:
//! the same types, with bodies that never run.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Item;

use super::{names::Names, rows};
use crate::{
    diagnostics::Diagnostics,
    graph::RawModelHead,
    parse::{Field, RawModel, Source},
};

/// For an item that is no struct with named fields: the item as it was, and the errors.
pub(crate) fn unreadable(item: TokenStream, errors: Diagnostics) -> TokenStream {
    let errors = match errors.finish() {
        Ok(()) => TokenStream::new(),
        Err(error) => error.into_compile_error(),
    };
    // Tokens that are no item at all would only repeat the error.
    let item = syn::parse2::<Item>(item).map(|item| without_ours(&item)).unwrap_or_default();
    quote!(#item #errors)
}

/// Field attributes of ours mean nothing to rustc, so an item with fields becomes an empty one.
fn without_ours(item: &Item) -> TokenStream {
    match item {
        Item::Struct(item) => {
            let (visibility, name, generics) = (&item.vis, &item.ident, &item.generics);
            let parameters = generics.params.is_empty().then(|| quote!(#visibility struct #name;));
            parameters.unwrap_or_default()
        }
        Item::Enum(item) => {
            let (visibility, name) = (&item.vis, &item.ident);
            quote!(#visibility struct #name;)
        }
        Item::Union(item) => {
            let (visibility, name) = (&item.vis, &item.ident);
            quote!(#visibility struct #name;)
        }
        other => quote!(#other),
    }
}

/// Stubs for a model with mistakes in it.
pub(crate) fn fallback(raw: &RawModel) -> TokenStream {
    let names = Names::of(&raw.name);
    let krate = &raw.options.krate;
    let head = RawModelHead {
        attributes: raw.attributes.clone(),
        visibility: raw.visibility.clone(),
        name: raw.name.clone(),
        options: crate::parse::Options { krate: krate.clone() },
        derives: raw.derives,
    };
    let rows = row_stubs(raw, &head, &names);
    let types = type_stubs(raw, &names);
    let traits = trait_stubs(&names, krate);
    quote!(#rows #types #traits)
}

fn row_stubs(raw: &RawModel, head: &RawModelHead, names: &Names) -> TokenStream {
    let krate = &raw.options.krate;
    let is_input = |field: &&Field| matches!(field.source, Some(Source::Input(_)));
    let raw_field = |field: &Field| rows::field(field, raw.derives, rows::raw_type(field, krate));
    let inputs: Vec<_> = raw.fields.iter().filter(is_input).map(raw_field).collect();
    let outputs: Vec<&Field> = raw.fields.iter().filter(|field| field.output.is_some()).collect();
    let targets: Vec<_> = outputs.iter().map(|field| raw_field(field)).collect();
    let predicted: Vec<_> = outputs
        .iter()
        .map(|field| rows::field(field, raw.derives, rows::predicted_type(field, krate)))
        .collect();
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
    let handles = raw.fields.iter().filter(|field| field.output.is_some()).map(|field| {
        let (name, text) = (&field.name, field.name.to_string());
        quote! {
            #[allow(non_upper_case_globals, missing_docs)]
            pub const #name: #krate::train::OutputOf<#definition> =
                #krate::train::OutputOf::new(0, #text);
        }
    });
    quote! {
        #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]
        #[allow(missing_docs)]
        #visibility struct #definition { _definition: () }

        #[allow(missing_docs)]
        impl #definition {
            #(#handles)*
            pub const GRAPH: #krate::definition::Graph =
                <#definition as #krate::definition::Definition>::GRAPH;

            pub fn build<D: #private::Backend<::core::primitive::f32>>(
                _: &D,
                _: #krate::Seed,
            ) -> #krate::Model<#definition, ::core::primitive::f32, D> {
                ::core::unreachable!()
            }

            pub fn summary() -> #krate::Summary {
                ::core::unreachable!()
            }
        }

        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #[allow(missing_docs)]
        #visibility struct #model<E: #private::Dtype, D: #private::Storage<E>> {
            _phantom: ::core::marker::PhantomData<(E, D)>,
        }

        #[allow(missing_docs)]
        #visibility struct #batch<B: #private::Dim, E: #private::Dtype, D: #private::Device<E>, T = #private::NoneTape> {
            _phantom: ::core::marker::PhantomData<(B, E, D, T)>,
        }

        #[allow(missing_docs)]
        #visibility struct #heads<B: #private::Dim, E: #private::Dtype, D: #private::Device<E>, T = #private::NoneTape> {
            _phantom: ::core::marker::PhantomData<(B, E, D, T)>,
        }
    }
}

fn trait_stubs(names: &Names, krate: &TokenStream) -> TokenStream {
    let Names { definition, inputs, sample, outputs, model, batch, heads } = names;
    let private = quote!(#krate::private);
    let error = quote!(<D as #private::HasErr>::Err);
    quote! {
        impl<E: #private::Element, D: #private::Device<E>> #private::TensorCollection<E, D> for #model<E, D> {
            type To<E2: #private::Dtype, D2: #private::Device<E2>> = #model<E2, D2>;
            fn iter_tensors<V: #private::ModuleVisitor<Self, E, D>>(
                _: &mut V,
            ) -> ::core::result::Result<::core::option::Option<Self::To<V::E2, V::D2>>, V::Err> {
                ::core::unreachable!()
            }
        }

        impl<E: #private::Dtype, D: #private::Storage<E>> #private::NonMutableModule for #model<E, D> {}

        impl<B: #private::Dim, E: #private::Element, D: #private::Backend<E>, T: #private::Tape<E, D>>
            #private::Module<#batch<B, E, D, T>> for #model<E, D>
        {
            type Output = #heads<B, E, D, T>;
            type Error = D::Err;
            fn try_forward(
                &self,
                _: #batch<B, E, D, T>,
            ) -> ::core::result::Result<Self::Output, D::Err> {
                ::core::unreachable!()
            }
        }

        impl<E: #private::Element, D: #private::Backend<E>> #private::BuildOnDevice<D, E> for #definition {
            type Built = #model<E, D>;
        }

        impl #krate::definition::Definition for #definition {
            type Inputs = #inputs;
            type Sample = #sample;
            type Outputs = #outputs;
            const GRAPH: #krate::definition::Graph =
                #krate::definition::Graph { name: "", nodes: &[], inputs: &[], outputs: &[] };
            fn write_inputs(_: &#inputs, _: &mut #krate::data::RowWriter<'_>) {}
            fn write_sample(_: &#sample, _: &mut #krate::data::RowWriter<'_>) {}
            fn read_outputs(_: &mut #krate::data::RowReader<'_>) -> #outputs {
                ::core::unreachable!()
            }
        }

        impl<E: #private::Element, D: #private::Backend<E>> #krate::definition::Network<E, D> for #definition {
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
                _: &mut #krate::train::Penalties<'_, E, D>,
            ) -> ::core::result::Result<(), #error> {
                ::core::unreachable!()
            }
            fn set_draw(_: &mut Self::Built, _: #krate::layer::Draw) {}
        }
    }
}
