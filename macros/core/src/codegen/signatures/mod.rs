//! Every item around a model with its signature, written once: with the bodies of a model, or, beside
//! its mistakes, with bodies that never run. So what the rest of the user's crate sees is the same.

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

pub(super) use traits::{DefinitionContent, NetworkBodies};

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
}
