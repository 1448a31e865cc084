//! Every item around a model with its signature, written once: with the bodies of a model, or, beside
//! its mistakes, with bodies that never run. So what the rest of the user's crate sees is the same.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Type;

use super::{forward::Mode, paths::Paths};
use crate::{
    names::{self, Names},
    parse::Head,
    text::plain,
};

/// What the items of one model are written with.
pub(super) struct Signatures<'a> {
    pub(super) head: &'a Head,
    pub(super) names: &'a Names,
    pub(super) paths: &'a Paths,
    pub(super) modules: Vec<OwnModule<'a>>,
    pub(super) bodies: Bodies,
}

/// Whether the functions do anything.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Bodies {
    /// Those of a model.
    Run,
    /// Beside mistakes. What would be in the types may be one, so they hold phantoms.
    Never,
}

/// A module of the user's own.
pub(super) struct OwnModule<'a> {
    /// The model's type parameter for it.
    pub(super) parameter: Ident,
    /// The type that the user names: a dfdx builder.
    pub(super) module: &'a Type,
    pub(super) span: Span,
}

/// The statements in the functions of `Network`, besides those that are the same for all models.
#[derive(Default)]
pub(super) struct NetworkBodies {
    /// The batch, of `rows` and `tape`.
    pub(super) batch: TokenStream,
    pub(super) heads: Vec<Ident>,
    pub(super) penalties: TokenStream,
    pub(super) draws: TokenStream,
    pub(super) freezes: TokenStream,
}

/// What `impl Definition` holds.
pub(super) struct DefinitionContent<'a> {
    pub(super) graph: TokenStream,
    pub(super) sample_row: Option<TokenStream>,
    pub(super) inputs: Vec<&'a Ident>,
    pub(super) outputs: Vec<&'a Ident>,
}

impl Signatures<'_> {
    /// What a function does, if anything.
    fn body(&self, statements: TokenStream) -> TokenStream {
        match self.bodies {
            Bodies::Run => statements,
            Bodies::Never => quote!(::core::unreachable!()),
        }
    }

    /// Stubs that lack documentation or use are no mistakes.
    fn quiet(&self) -> Option<TokenStream> {
        self.is_stub().then(|| quote!(#[allow(missing_docs, dead_code, unused_variables)]))
    }

    fn is_stub(&self) -> bool {
        self.bodies == Bodies::Never
    }

    /// A field that speaks of type parameters in the place of others.
    fn phantom(&self, parameters: &TokenStream) -> Option<TokenStream> {
        self.is_stub().then(|| quote!(_stub: ::core::marker::PhantomData<(#parameters)>,))
    }

    /// The model's type parameters for modules of the user's: `M0, M1`.
    pub(super) fn parameters(&self) -> Vec<&Ident> {
        self.modules.iter().map(|own| &own.parameter).collect()
    }

    /// The modules that the user's builders become: `<Gate<64> as BuildOnDevice<D, E>>::Built`.
    pub(super) fn built(&self) -> Vec<TokenStream> {
        let private = &self.paths.private;
        let built = self.modules.iter().map(|own| {
            let (module, span) = (own.module, own.span);
            quote_spanned!(span=> <#module as #private::BuildOnDevice<D, E>>::Built)
        });
        built.collect()
    }

    /// `pub struct HousePrice`, with handles for its nodes.
    pub(super) fn definition(&self, table: &str, handles: &[TokenStream]) -> TokenStream {
        let (visibility, definition, krate) =
            (&self.head.visibility, &self.names.definition, &self.paths.krate);
        let docs = self.head.attributes.iter().filter(|a| a.path().is_ident("doc"));
        let (quiet, summary) = (self.quiet(), self.summary());
        let build = self.body(quote!(#krate::Model::build(device, seed)));
        quote! {
            #(#docs)*
            #[doc = #table]
            #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]
            #quiet
            #visibility struct #definition {
                _definition: (),
            }

            #quiet
            impl #definition {
                #(#handles)*

                /// Nodes, layers and shapes.
                pub const GRAPH: #krate::definition::Graph =
                    <#definition as #krate::definition::Definition>::GRAPH;

                /// A model of `f32` with fresh weights, which depend on `seed` alone. For another
                /// dtype there is `Model::<_, f64>::build`.
                pub fn build<D: #krate::Compute<::core::primitive::f32>>(
                    device: &D,
                    seed: #krate::Seed,
                ) -> #krate::Model<#definition, ::core::primitive::f32, D>
                where
                    #definition: #krate::definition::Network<::core::primitive::f32, D>,
                {
                    #build
                }

                #summary
            }
        }
    }

    /// `fn summary`, which asks the module for its parameters.
    fn summary(&self) -> TokenStream {
        let (definition, krate, private) =
            (&self.names.definition, &self.paths.krate, &self.paths.private);
        // A module of the user's own may be none at all. With a lifetime in it, the bound is not
        // looked at before somebody calls, so that the mistake is said once, in our words.
        let bound = (!self.modules.is_empty() && !self.is_stub())
            .then(|| quote!(where #private::Deferred<'model, #definition>: #private::Summarize));
        let lifetime = bound.as_ref().map_or_else(|| quote!('_), |_| quote!('model));
        let parameter = bound.as_ref().map(|_| quote!(<'model>));
        let body = self.body(quote! {
            <#private::Deferred<#lifetime, #definition> as #private::Summarize>::summarize()
        });
        quote! {
            /// Layers, output shapes and parameters, as a table to print.
            pub fn summary #parameter () -> #krate::Summary #bound {
                #body
            }
        }
    }

    /// The constant that stands for an output.
    pub(super) fn output_handle(&self, name: &Ident, index: usize) -> TokenStream {
        let (krate, definition) = (&self.paths.krate, &self.names.definition);
        let (text, doc) =
            (plain(name), format!("The output `{name}`, to speak of it to a trainer."));
        quote! {
            #[doc = #doc]
            #[allow(non_upper_case_globals, dead_code)]
            pub const #name: #krate::train::OutputOf<#definition, #index> =
                #krate::train::OutputOf::new(#text);
        }
    }

    /// The constant that stands for any other node: only an input that may be absent can be dropped.
    pub(super) fn node_handle(&self, name: &Ident, may_be_absent: bool) -> TokenStream {
        let (krate, definition) = (&self.paths.krate, &self.names.definition);
        let kind = format_ident!("{}", if may_be_absent { "OptionalInputOf" } else { "NodeOf" });
        let (handle, text, doc) = (
            names::handle(name),
            plain(name),
            format!("The node `{name}`, to speak of it to a trainer."),
        );
        quote! {
            #[doc = #doc]
            #[allow(non_upper_case_globals, dead_code)]
            pub const #handle: #krate::train::#kind<#definition> =
                #krate::train::#kind::new(#text);
        }
    }

    /// `impl ReportedBy<HousePrice, 0> for Mae`: that an output reports a metric, for monitors.
    pub(super) fn reported(&self, index: usize, metric: &str) -> TokenStream {
        let (krate, definition) = (&self.paths.krate, &self.names.definition);
        let metric = Ident::new(metric, Span::call_site());
        quote!(impl #krate::metric::ReportedBy<#definition, #index> for #krate::metric::#metric {})
    }

    /// `impl ClassOutput<HousePrice> for OutputOf<HousePrice, 1>`: that an output has classes, which
    /// can be weighed.
    pub(super) fn class_output(&self, index: usize) -> TokenStream {
        let (krate, definition) = (&self.paths.krate, &self.names.definition);
        quote! {
            #[diagnostic::do_not_recommend]
            impl #krate::train::ClassOutput<#definition> for #krate::train::OutputOf<#definition, #index> {
                fn index(&self) -> ::core::primitive::usize {
                    #index
                }
            }
        }
    }

    /// `pub struct HousePriceModel<E, D>`: a field for each branch.
    pub(super) fn model(&self, fields: &[TokenStream], is_silent: bool) -> TokenStream {
        let (visibility, model, private) =
            (&self.head.visibility, &self.names.model, &self.paths.private);
        let doc = format!("The module of [`{}`]: a field for each branch.", self.names.definition);
        let (quiet, parameters) = (self.quiet(), self.parameters());
        let stub = self.phantom(&quote!(E, D, #(#parameters),*));
        let phantom = (is_silent && !self.is_stub())
            .then(|| quote!(#[doc(hidden)] pub _phantom: ::core::marker::PhantomData<(E, D)>,));
        quote! {
            #[doc = #doc]
            #[derive(::core::clone::Clone, ::core::fmt::Debug)]
            #quiet
            #visibility struct #model<E: #private::Dtype, D: #private::Storage<E>, #(#parameters),*> {
                #(#fields,)*
                #phantom
                #stub
            }
        }
    }

    /// `pub struct HousePriceBatch<B, E, D, T>`, of the fields that `names` speak of; `first` is
    /// where the tensor of the first one lies.
    pub(super) fn batch(
        &self,
        fields: &[TokenStream],
        names: &[&Ident],
        first: Option<TokenStream>,
    ) -> TokenStream {
        let (visibility, batch, private) =
            (&self.head.visibility, &self.names.batch, &self.paths.private);
        let doc = format!(
            "A batch of inputs for [`{}`]. It owns the gradient tape, so that every branch is on it.",
            self.names.model
        );
        let (quiet, phantom) = (self.quiet(), self.phantom(&quote!(B, E, D)));
        let bounds = quote!(B: #private::Dim, E: #private::Element, D: #private::Backend<E>);
        let traced = self.body(quote! {
            let tape = #private::tape(&self.#first, gradients);
            #batch { #(#names: self.#names,)* tape }
        });
        quote! {
            #[doc = #doc]
            #[derive(::core::clone::Clone, ::core::fmt::Debug)]
            #quiet
            #visibility struct #batch<B: #private::Dim, E: #private::Dtype, D: #private::Device<E>, T = #private::NoneTape> {
                #(#fields,)*
                /// The gradient tape; `NoneTape` in inference.
                pub tape: T,
                #phantom
            }

            #quiet
            impl<#bounds> #batch<B, E, D> {
                /// The same batch, with a tape that adds to `gradients`. Its numbers are data, by which
                /// no gradient is promised: layers leave it out where they can.
                pub fn traced(
                    self,
                    gradients: #private::Gradients<E, D>,
                ) -> #batch<B, E, D, #private::OwnedTape<E, D>> {
                    #traced
                }
            }
        }
    }

    /// `pub struct HousePriceHeads<B, E, D, T>`.
    pub(super) fn heads(&self, fields: &[TokenStream]) -> TokenStream {
        let (visibility, heads, private) =
            (&self.head.visibility, &self.names.heads, &self.paths.private);
        let doc = format!(
            "What comes out of [`{}`]: the heads, and the tape to put on them for a loss.",
            self.names.model
        );
        let (quiet, phantom) = (self.quiet(), self.phantom(&quote!(B, E, D)));
        quote! {
            #[doc = #doc]
            #[must_use]
            #[derive(::core::clone::Clone, ::core::fmt::Debug)]
            #quiet
            #visibility struct #heads<B: #private::Dim, E: #private::Dtype, D: #private::Device<E>, T = #private::NoneTape> {
                #(#fields,)*
                /// The gradient tape. Put it on the head whose loss is computed first, take it off
                /// again, put it on the next, and add the losses up.
                pub tape: T,
                #phantom
            }
        }
    }

    /// A batch of tensors: `Tensor<(B, Const<64>), E, D, NoneTape>`.
    pub(super) fn tensor(
        &self,
        batch: &TokenStream,
        sizes: &[TokenStream],
        is_categories: bool,
        tape: &TokenStream,
    ) -> TokenStream {
        let private = &self.paths.private;
        let element = match is_categories {
            true => quote!(::core::primitive::usize),
            false => quote!(E),
        };
        quote!(#private::Tensor<(#batch, #(#private::Const<#sizes>,)*), #element, D, #tape>)
    }

    /// The same with the presence of its rows.
    pub(super) fn optional(&self, tensor: &TokenStream) -> TokenStream {
        let krate = &self.paths.krate;
        quote!(#krate::missing::Optional<#tensor, B, E, D>)
    }

    /// `Deserialize` for a row; `cells` are what its fields take of those that were read.
    pub(super) fn deserialize(
        &self,
        name: &Ident,
        specs: &[TokenStream],
        cells: &TokenStream,
    ) -> TokenStream {
        let (krate, text) = (&self.paths.krate, plain(name));
        let (quiet, body) = (
            self.quiet(),
            self.body(quote! {
                let row = <Self as #krate::data::columns::FromColumns>::ROW;
                let mut cells = #krate::data::columns::Cells::read(deserializer, row)?;
                ::core::result::Result::Ok(#name { #cells })
            }),
        );
        quote! {
            impl #krate::data::columns::FromColumns for #name {
                const ROW: &'static #krate::data::columns::RowSpec =
                    &#krate::data::columns::RowSpec { row: #text, fields: &[#(#specs),*] };
            }

            #quiet
            impl<'de> #krate::private::serde::Deserialize<'de> for #name {
                fn deserialize<De: #krate::private::serde::Deserializer<'de>>(
                    deserializer: De,
                ) -> ::core::result::Result<Self, De::Error> {
                    #body
                }
            }
        }
    }

    /// `impl TensorCollection`, by what `visitor` gives.
    pub(super) fn collection(&self, visited: TokenStream) -> TokenStream {
        let (private, model) = (&self.paths.private, &self.names.model);
        let (result, option) = (&self.paths.result, &self.paths.option);
        let (quiet, parameters, body) = (self.quiet(), self.parameters(), self.body(visited));
        quote! {
            #quiet
            impl<
                E: #private::Element,
                D: #private::Device<E>,
                #(#parameters: #private::TensorCollection<E, D>),*
            > #private::TensorCollection<E, D> for #model<E, D, #(#parameters),*> {
                type To<E2: #private::Dtype, D2: #private::Device<E2>> =
                    #model<E2, D2, #(#parameters::To<E2, D2>),*>;

                fn iter_tensors<V: #private::ModuleVisitor<Self, E, D>>(
                    visitor: &mut V,
                ) -> #result<#option<Self::To<V::E2, V::D2>>, V::Err> {
                    #body
                }
            }
        }
    }

    /// `impl Module` or `impl ModuleMut`.
    pub(super) fn module(
        &self,
        mode: Mode,
        bounds: &TokenStream,
        forward: TokenStream,
    ) -> TokenStream {
        let (private, result) = (&self.paths.private, &self.paths.result);
        let Names { model, batch, heads, .. } = self.names;
        let (quiet, parameters, body) = (self.quiet(), self.parameters(), self.body(forward));
        let name = mode.of_traits();
        let (receiver, function) = match mode {
            Mode::Inference => (quote!(&self), quote!(try_forward)),
            Mode::Training => (quote!(&mut self), quote!(try_forward_mut)),
        };
        quote! {
            #quiet
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

                fn #function(#receiver, batch: #batch<B, E, D, T>) -> #result<Self::Output, D::Err> {
                    #body
                }
            }
        }
    }

    /// That training computes what inference does.
    pub(super) fn non_mutable(&self) -> TokenStream {
        let (private, model, parameters) =
            (&self.paths.private, &self.names.model, self.parameters());
        quote! {
            impl<E: #private::Dtype, D: #private::Storage<E>, #(#parameters),*> #private::NonMutableModule
                for #model<E, D, #(#parameters),*> {}
        }
    }

    /// `impl Definition for HousePrice`.
    pub(super) fn definition_of_rows(&self, content: &DefinitionContent<'_>) -> TokenStream {
        let (krate, quiet) = (&self.paths.krate, self.quiet());
        let Names { definition, inputs, sample, outputs, .. } = self.names;
        let DefinitionContent { graph, sample_row, inputs: taken, outputs: given } = content;
        let write_inputs = self.body(quote!(#(row.put(&inputs.#taken);)*));
        let write_sample =
            self.body(quote!(#(row.put(&sample.#taken);)* #(row.put(&sample.#given);)*));
        let read_outputs = self.body(quote!(#outputs { #(#given: row.take(),)* }));
        quote! {
            #quiet
            impl #krate::definition::Definition for #definition {
                type Inputs = #inputs;
                type Sample = #sample;
                type Outputs = #outputs;

                const GRAPH: #krate::definition::Graph = #graph;
                #sample_row

                fn write_inputs(inputs: &#inputs, row: &mut #krate::data::RowWriter<'_>) {
                    #write_inputs
                }

                fn write_sample(sample: &#sample, row: &mut #krate::data::RowWriter<'_>) {
                    #write_sample
                }

                fn read_outputs(row: &mut #krate::data::RowReader<'_>) -> #outputs {
                    #read_outputs
                }
            }
        }
    }

    /// `impl BuildOnDevice` and `impl Network for HousePrice`; `bounds` are what both ways through
    /// the model need of modules of the user's.
    pub(super) fn network(&self, bounds: &TokenStream, bodies: &NetworkBodies) -> TokenStream {
        let (private, krate) = (&self.paths.private, &self.paths.krate);
        let (definition, model) = (&self.names.definition, &self.names.model);
        let (quiet, built) = (self.quiet(), self.built());
        let modules: Vec<_> = self.modules.iter().map(|own| own.module).collect();
        let functions = self.network_functions(bodies);
        quote! {
            impl<E: #private::Element, D: #private::Backend<E>> #private::BuildOnDevice<D, E> for #definition
            where
                #(#modules: #private::BuildOnDevice<D, E>,)*
            {
                type Built = #model<E, D, #(#built),*>;
            }

            #quiet
            impl<E: #private::Element, D: #private::Backend<E>> #krate::definition::Network<E, D> for #definition
            where
                #(#modules: #private::BuildOnDevice<D, E>,)*
                #bounds
            {
                #functions
            }
        }
    }

    fn network_functions(&self, bodies: &NetworkBodies) -> TokenStream {
        let (private, krate) = (&self.paths.private, &self.paths.krate);
        let Paths { result, ok, vec, .. } = self.paths;
        let NetworkBodies { batch, heads, penalties, draws, freezes } = bodies;
        let error = quote!(<D as #private::HasErr>::Err);
        let outputs = quote!(#vec![#(#private::head(heads.#heads)?),*]);
        let predict = self.body(quote! {
            let tape = #private::NoneTape;
            let heads = #private::Module::try_forward(module, #batch)?;
            #ok(#outputs)
        });
        let train = self.body(quote! {
            let heads = #private::ModuleMut::try_forward_mut(module, #batch)?;
            #ok((#outputs, heads.tape))
        });
        let penalize = self.body(quote!(#penalties #ok(())));
        let (set_draw, set_frozen) = (self.body(draws.clone()), self.body(freezes.clone()));
        quote! {
            fn predict(
                module: &Self::Built,
                rows: &#krate::data::Batch<'_>,
                device: &D,
            ) -> #result<::std::vec::Vec<#krate::definition::Head<E, D>>, #error> {
                #predict
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
                #train
            }

            #[allow(unused_variables)]
            fn penalize(
                module: &Self::Built,
                penalties: &mut #krate::train::Penalties<E, D>,
            ) -> #result<(), #error> {
                #penalize
            }

            #[allow(unused_variables)]
            fn set_draw(module: &mut Self::Built, draw: #krate::layer::Draw) {
                #set_draw
            }

            #[allow(unused_variables)]
            fn set_frozen(
                module: &mut Self::Built,
                frozen: &dyn ::core::ops::Fn(&::core::primitive::str) -> ::core::primitive::bool,
            ) {
                #set_frozen
            }
        }
    }
}
