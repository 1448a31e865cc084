//! The signature of every item around a model, defined once. A model has real bodies; a model with
//! mistakes has bodies that never run. The rest of the user's crate therefore sees the same
//! signatures.

mod traits;
mod types;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Type;

use super::paths::Paths;
use crate::{
    names::{self, Names},
    parse::Head,
    text::plain,
};

pub(super) use traits::{DefinitionContent, NetworkBodies, RowField};

/// The data for writing the items of one model.
pub(super) struct Signatures<'a> {
    pub(super) head: &'a Head,
    pub(super) names: &'a Names,
    pub(super) paths: &'a Paths,
    pub(super) modules: Vec<CustomModule<'a>>,
    /// Whether there are rows to train on. A part without a loss has none.
    pub(super) has_samples: bool,
    pub(super) bodies: Bodies,
}

/// The kind of function bodies.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Bodies {
    /// Real bodies.
    Run,
    /// Stubs. Types may contain mistakes, so stubs hold phantom data.
    Never,
}

/// A custom module.
pub(super) struct CustomModule<'a> {
    /// The model's type parameter for it.
    pub(super) parameter: Ident,
    /// The type that the user names: a dfdx builder.
    pub(super) module: &'a Type,
    pub(super) span: Span,
}

impl Signatures<'_> {
    /// The body of a function: the statements, or `unreachable!()` in a stub.
    fn body(&self, statements: TokenStream) -> TokenStream {
        match self.bodies {
            Bodies::Run => statements,
            Bodies::Never => quote!(::core::unreachable!()),
        }
    }

    /// Lints on missing documentation or use do not apply to stubs.
    fn quiet(&self) -> Option<TokenStream> {
        self.is_stub().then(|| quote!(#[allow(missing_docs, dead_code, unused_variables)]))
    }

    fn is_stub(&self) -> bool {
        self.bodies == Bodies::Never
    }

    /// A phantom field that uses the type parameters of a stub.
    fn phantom(&self, parameters: &TokenStream) -> Option<TokenStream> {
        self.is_stub().then(|| quote!(_stub: ::core::marker::PhantomData<(#parameters)>,))
    }

    /// The model's type parameters for custom modules: `M0, M1`.
    pub(super) fn parameters(&self) -> Vec<&Ident> {
        self.modules.iter().map(|custom| &custom.parameter).collect()
    }

    /// The modules that the user's builders build: `<Gate<64> as BuildOnDevice<D, E>>::Built`.
    pub(super) fn built(&self) -> Vec<TokenStream> {
        let private = &self.paths.private;
        let built = self.modules.iter().map(|custom| {
            let (module, span) = (custom.module, custom.span);
            quote_spanned!(span=> <#module as #private::BuildOnDevice<D, E>>::Built)
        });
        built.collect()
    }

    /// `pub struct HousePrice`, with handles of its nodes.
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

                /// Builds a model of `f32` with fresh weights, which depend on `seed` only. For
                /// another dtype use `Model::<_, f64>::build`.
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

    /// `fn summary`, which counts the module's parameters.
    fn summary(&self) -> TokenStream {
        let (definition, krate, private) =
            (&self.names.definition, &self.paths.krate, &self.paths.private);
        // A type that the user names may not be a module. The lifetime defers the check of the
        // bound to a call, so that the mistake is reported once, with our message.
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

    /// The constant that is the handle of an output.
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

    /// The constant that is the handle of another node. Only an optional input can be dropped.
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

    /// `impl<T: ReportedByPrice> Reports<T, 0> for HousePrice`: an output reports the metrics of a trait,
    /// for monitors. Without a trait it reports any.
    pub(super) fn reports(&self, index: usize, reported: Option<&Ident>) -> TokenStream {
        let (krate, definition) = (&self.paths.krate, &self.names.definition);
        let bound = reported.map(|reported| quote!(: #reported));
        quote!(impl<T #bound> #krate::metric::Reports<T, #index> for #definition {})
    }

    /// `impl PartOf<TwoTowers> for ItemTower`; nothing for a model that is no part.
    pub(super) fn part_of(&self) -> TokenStream {
        let Some(whole) = &self.head.part_of else { return TokenStream::new() };
        let (krate, definition, name) = (&self.paths.krate, &self.names.definition, &whole.name);
        let owners = whole.owners.iter().map(|(own, owner)| {
            let (own, owner) = (plain(own), plain(owner));
            quote!((#own, #owner))
        });
        let text = quote!(&'static ::core::primitive::str);
        quote! {
            #[diagnostic::do_not_recommend]
            impl #krate::definition::PartOf<#name> for #definition {
                const OWNERS: &'static [(#text, #text)] = &[#(#owners),*];
            }
        }
    }

    /// `impl ClassOutput<HousePrice> for OutputOf<HousePrice, 1>`: an output has classes, for class
    /// weights.
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
}
