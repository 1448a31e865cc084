//! The impls for the rows, the module and the definition.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::{
    super::{forward::Mode, newtypes::row_value, paths::Paths},
    Signatures,
};
use crate::{names::Names, text::plain};

/// The statements in the functions of `Network` that differ between models.
#[derive(Default)]
pub(crate) struct NetworkBodies {
    /// The batch of `rows` on `device`, with `tape`.
    pub(crate) batch: TokenStream,
    /// The outputs with a loss.
    pub(crate) heads: Vec<Ident>,
    /// The outputs without a loss.
    pub(crate) values: Vec<Ident>,
    /// The fields of the module with the learned weights of losses.
    pub(crate) weights: Vec<Ident>,
    pub(crate) penalties: TokenStream,
    pub(crate) keys: TokenStream,
    pub(crate) freezes: TokenStream,
}

/// The contents of `impl RowTypes` and `impl Definition`.
pub(crate) struct DefinitionContent<'a> {
    pub(crate) schema: TokenStream,
    pub(crate) graph: TokenStream,
    /// `SAMPLE_ROW` and `INPUTS_ROW`.
    pub(crate) rows: TokenStream,
    pub(crate) inputs: Vec<RowField<'a>>,
    pub(crate) outputs: Vec<RowField<'a>>,
    pub(crate) values: Vec<&'a Ident>,
}

/// A field of rows.
pub(crate) struct RowField<'a> {
    pub(crate) name: &'a Ident,
    /// Its type, where it contains a newtype.
    pub(crate) written: Option<TokenStream>,
    /// The type of its predictions, where it may contain a newtype.
    pub(crate) predicted: Option<TokenStream>,
}

impl RowField<'_> {
    /// The statement that writes the field of `of`.
    fn put(&self, of: &TokenStream, krate: &TokenStream) -> TokenStream {
        let name = self.name;
        match &self.written {
            None => quote!(row_.put(&#of.#name);),
            Some(ty) => row_value(ty, quote!(put(row_, &#of.#name)), krate),
        }
    }

    /// The initialiser of the field with its prediction.
    fn take(&self, krate: &TokenStream) -> TokenStream {
        let name = self.name;
        match &self.predicted {
            None => quote!(#name: row_.take()),
            Some(ty) => {
                let predicted = row_value(ty, quote!(predicted(row_)), krate);
                quote!(#name: #predicted)
            }
        }
    }
}

impl Signatures<'_> {
    /// `Deserialize` for a row; `cells` are the initialisers of its fields from the cells read.
    pub(crate) fn deserialize(
        &self,
        name: &Ident,
        specs: &[TokenStream],
        others: &[TokenStream],
        cells: &TokenStream,
    ) -> TokenStream {
        let (krate, text) = (&self.paths.krate, plain(name));
        quote! {
            impl #krate::data::columns::FromColumns for #name {
                const ROW: &'static #krate::data::columns::RowSpec =
                    &#krate::data::columns::RowSpec {
                        row: #text,
                        fields: &[#(#specs),*],
                        others: &[#(#others),*],
                    };
            }

            impl<'de> #krate::private::serde::Deserialize<'de> for #name {
                fn deserialize<De: #krate::private::serde::Deserializer<'de>>(
                    deserializer_: De,
                ) -> ::core::result::Result<Self, De::Error> {
                    let row_ = <Self as #krate::data::columns::FromColumns>::ROW;
                    let cells_ = &mut #krate::data::columns::Cells::read(deserializer_, row_)?;
                    ::core::result::Result::Ok(#name { #cells })
                }
            }
        }
    }

    /// `impl TensorCollection`, with the expression `visited` for the visited module.
    pub(crate) fn collection(&self, visited: TokenStream) -> TokenStream {
        let (private, model) = (&self.paths.private, &self.names.model);
        let (result, option) = (&self.paths.result, &self.paths.option);
        let parameters = &self.modules;
        quote! {
            impl<
                E: #private::Element,
                D: #private::Device<E>,
                #(#parameters: #private::TensorCollection<E, D>),*
            > #private::TensorCollection<E, D> for #model<E, D, #(#parameters),*> {
                type To<E2: #private::Dtype, D2: #private::Device<E2>> =
                    #model<E2, D2, #(#parameters::To<E2, D2>),*>;

                fn iter_tensors<V: #private::ModuleVisitor<Self, E, D>>(
                    visitor_: &mut V,
                ) -> #result<#option<Self::To<V::E2, V::D2>>, V::Err> {
                    #visited
                }
            }
        }
    }

    /// `impl Module` or `impl ModuleMut`.
    pub(crate) fn module(
        &self,
        mode: Mode,
        bounds: &TokenStream,
        forward: TokenStream,
    ) -> TokenStream {
        let (private, result) = (&self.paths.private, &self.paths.result);
        let Names { model, batch, heads, .. } = self.names;
        let (parameters, name) = (&self.modules, mode.of_traits());
        let (receiver, function) = match mode {
            Mode::Inference => (quote!(&self), quote!(try_forward)),
            Mode::Training => (quote!(&mut self), quote!(try_forward_mut)),
        };
        quote! {
            impl<
                B: #private::Dim,
                E: #private::Element,
                D: #private::Backend<E>,
                T: #private::Tape<E, D>,
                #(#parameters),*
            > #private::#name<#batch<B, E, D, T>> for #model<E, D, #(#parameters),*>
            where
                #bounds
            {
                type Output = #heads<B, E, D, T>;
                type Error = D::Err;

                fn #function(#receiver, batch_: #batch<B, E, D, T>) -> #result<Self::Output, D::Err> {
                    #forward
                }
            }
        }
    }

    /// `impl NonMutableModule`: training computes the same as inference.
    pub(crate) fn non_mutable(&self) -> TokenStream {
        let (private, model, parameters) = (&self.paths.private, &self.names.model, &self.modules);
        quote! {
            impl<E: #private::Dtype, D: #private::Storage<E>, #(#parameters),*> #private::NonMutableModule
                for #model<E, D, #(#parameters),*> {}
        }
    }

    /// The constant of `impl RowTypes`.
    pub(crate) fn schema(&self) -> TokenStream {
        let (definition, krate) = (&self.names.definition, &self.paths.krate);
        quote!(<#definition as #krate::definition::RowTypes>::SCHEMA)
    }

    /// `impl RowTypes` and `impl Definition for HousePrice`.
    pub(crate) fn definition_of_rows(&self, content: &DefinitionContent<'_>) -> TokenStream {
        let krate = &self.paths.krate;
        let Names { definition, inputs, sample, outputs, .. } = self.names;
        let DefinitionContent { schema, graph, rows, inputs: taken, outputs: given, values } =
            content;
        let put = |fields: &[RowField<'_>], of: TokenStream| {
            fields.iter().map(|field| field.put(&of, krate)).collect::<TokenStream>()
        };
        let write_inputs = put(taken, quote!(inputs_));
        let (sample, write_sample) = match self.has_samples {
            true => {
                let [taken, given] = [taken, given].map(|fields| put(fields, quote!(sample_)));
                (quote!(#sample), quote!(#taken #given))
            }
            false => (
                quote!(#krate::definition::NoTargets),
                quote! {
                    let _ = row_;
                    match *sample_ {}
                },
            ),
        };
        // The struct expression reads in this order, whatever the order of the fields.
        let given = given.iter().map(|field| field.take(krate));
        quote! {
            impl #krate::definition::RowTypes for #definition {
                type Inputs = #inputs;
                type Sample = #sample;
                type Outputs = #outputs;

                const SCHEMA: #krate::definition::Schema = #schema;
                #rows

                fn write_inputs(inputs_: &#inputs, row_: &mut #krate::data::RowWriter<'_>) {
                    #write_inputs
                }

                fn write_sample(sample_: &#sample, row_: &mut #krate::data::RowWriter<'_>) {
                    #write_sample
                }

                fn read_outputs(row_: &mut #krate::data::RowReader<'_>) -> #outputs {
                    #outputs { #(#given,)* #(#values: row_.take(),)* }
                }
            }

            impl #krate::definition::Definition for #definition {
                const GRAPH: #krate::definition::Graph = #graph;
            }
        }
    }

    /// `impl BuildOnDevice` and `impl Network for HousePrice`; `bounds` are the bounds of both
    /// forward passes on custom modules.
    pub(crate) fn network(&self, bounds: &TokenStream, bodies: &NetworkBodies) -> TokenStream {
        let (private, krate) = (&self.paths.private, &self.paths.krate);
        let (definition, model) = (&self.names.definition, &self.names.model);
        let (built, builders) = (self.built(), self.builders());
        let functions = self.network_functions(bodies);
        quote! {
            impl<E: #private::Element, D: #private::Backend<E>> #private::BuildOnDevice<D, E> for #definition
            where
                #(#builders: #private::BuildOnDevice<D, E>,)*
            {
                type Built = #model<E, D, #(#built),*>;
            }

            impl<E: #private::Element, D: #private::Backend<E>> #krate::definition::Network<E, D> for #definition
            where
                #(#builders: #private::BuildOnDevice<D, E, Built: ::core::marker::Send + ::core::marker::Sync>,)*
                #bounds
            {
                #functions
            }
        }
    }

    /// `impl Differentiable for HousePrice`; `bounds` are those of all forward passes on
    /// custom modules, `inputs` the columns and paths of the numbers in the batch.
    pub(crate) fn differentiable(
        &self,
        bounds: &TokenStream,
        bodies: &NetworkBodies,
        inputs: &[(usize, TokenStream)],
    ) -> TokenStream {
        let (private, krate) = (&self.paths.private, &self.paths.krate);
        let Paths { result, ok, vec, clone, .. } = self.paths;
        let NetworkBodies { weights, .. } = bodies;
        let (definition, builders) = (&self.names.definition, self.builders());
        let inputs = inputs
            .iter()
            .map(|(column, path)| quote!((#column, #private::head(#clone(&batch_.#path))?)));
        let mutable = (!weights.is_empty()).then(|| quote!(mut));
        quote! {
            #[diagnostic::do_not_recommend] // The message of the trait says what a module lacks.
            impl<E: #private::Element, D: #private::Backend<E>> #krate::definition::Differentiable<E, D> for #definition
            where
                #(#builders: #private::BuildOnDevice<D, E, Built: ::core::marker::Send + ::core::marker::Sync>,)*
                #bounds
            {
                fn trace(
                    module_: &Self::Built,
                    rows_: &#krate::data::Batch<'_>,
                    device_: &D,
                    tape_: #private::OwnedTape<E, D>,
                ) -> #result<#krate::definition::Traced<E, D>, <D as #private::HasErr>::Err> {
                    let batch_ = <Self as #krate::definition::Network<E, D>>::batch(rows_, device_)?;
                    let inputs_ = #vec![#(#inputs),*];
                    let heads_ = #private::Module::try_forward(module_, batch_.with_tape(tape_))?;
                    let (#mutable heads_, tape_) =
                        #krate::definition::IntoHeads::<E, D>::into_heads(heads_)?;
                    #(::std::vec::Vec::push(&mut heads_, #private::head(#clone(&module_.#weights))?);)*
                    #ok(#krate::definition::Traced { heads: heads_, inputs: inputs_, tape: tape_ })
                }
            }
        }
    }

    fn network_functions(&self, bodies: &NetworkBodies) -> TokenStream {
        let (private, krate) = (&self.paths.private, &self.paths.krate);
        let (name, Paths { result, ok, vec, clone, .. }) = (&self.names.batch, self.paths);
        let NetworkBodies { batch, heads, values, weights, penalties, keys, freezes } = bodies;
        let error = quote!(<D as #private::HasErr>::Err);
        let network = quote!(<Self as #krate::definition::Network<E, D>>);
        let into_heads = quote!(#krate::definition::IntoHeads::<E, D>::into_heads(heads_)?);
        let add_weights =
            quote!(::core::iter::Extend::extend(&mut heads_, #network::loss_weights(module_)?););
        let predict = match values.is_empty() {
            true => quote! {
                let heads_ = #private::Module::try_forward(module_, #network::batch(rows_, device_)?)?;
                let (mut heads_, _) = #into_heads;
                #add_weights
                #ok(heads_)
            },
            false => quote! {
                let heads_ = #private::Module::try_forward(module_, #network::batch(rows_, device_)?)?;
                let values_ = #vec![#(#private::head(#clone(&heads_.#values))?),*];
                let (mut heads_, _) = #into_heads;
                #add_weights
                ::core::iter::Extend::extend(&mut heads_, values_);
                #ok(heads_)
            },
        };
        let train = match heads.is_empty() {
            // Nothing is trained, so no forward pass in training is compiled.
            true => quote! {
                let _ = (module_, rows_, device_);
                #ok((#vec![], tape_))
            },
            false => quote! {
                let batch_ = #network::batch(rows_, device_)?.with_tape(tape_);
                let heads_ = #private::ModuleMut::try_forward_mut(module_, batch_)?;
                let (mut heads_, tape_) = #into_heads;
                #add_weights
                #ok((heads_, tape_))
            },
        };
        quote! {
            type Batch = #name<::core::primitive::usize, E, D>;

            fn batch(rows_: &#krate::data::Batch<'_>, device_: &D) -> #result<Self::Batch, #error> {
                let tape_ = #private::NoneTape;
                #ok(#batch)
            }

            #[allow(unused_variables)]
            fn loss_weights(
                module_: &Self::Built,
            ) -> #result<::std::vec::Vec<#krate::definition::Head<E, D>>, #error> {
                #ok(#vec![#(#private::head(#clone(&module_.#weights))?),*])
            }

            fn predict(
                module_: &Self::Built,
                rows_: &#krate::data::Batch<'_>,
                device_: &D,
            ) -> #result<::std::vec::Vec<#krate::definition::Head<E, D>>, #error> {
                #predict
            }

            fn training_heads(
                module_: &mut Self::Built,
                rows_: &#krate::data::Batch<'_>,
                device_: &D,
                tape_: #private::OwnedTape<E, D>,
            ) -> #result<
                (::std::vec::Vec<#krate::definition::Head<E, D>>, #private::OwnedTape<E, D>),
                #error,
            > {
                #train
            }

            #[allow(unused_variables)]
            fn penalize(
                module_: &Self::Built,
                penalties_: &mut #krate::train::Penalties<E, D>,
            ) -> #result<(), #error> {
                #penalties
                #ok(())
            }

            #[allow(unused_variables)]
            fn set_rng_key(module_: &mut Self::Built, key_: #krate::layer::RngKey) {
                #keys
            }

            #[allow(unused_variables)]
            fn set_frozen(
                module_: &mut Self::Built,
                frozen_: &dyn ::core::ops::Fn(&::core::primitive::str) -> ::core::primitive::bool,
            ) {
                #freezes
            }
        }
    }
}
