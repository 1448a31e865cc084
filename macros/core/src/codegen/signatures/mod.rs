//! The signature of every item around a model. What differs between models is passed in by the modules
//! that know the plan.

mod shared_name;
mod traits;
mod types;

use super::paths::Paths;
use crate::{names::Names, parse::Head, text::plain};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

pub(super) use traits::{DefinitionContent, NetworkBodies, RowField};

/// The data for writing the items of one model.
pub(super) struct Signatures<'a> {
    pub(super) head: &'a Head,
    pub(super) names: &'a Names,
    pub(super) paths: &'a Paths,
    /// The model's type parameters for custom modules: `M0, M1`.
    pub(super) modules: Vec<Ident>,
    /// Whether there are rows to train on. A part without a loss has none.
    pub(super) has_samples: bool,
}

/// The constant of the definition that is the handle of a node.
pub(super) struct Handle {
    name: Ident,
    item: TokenStream,
}

/// The metrics that an output reports, for monitors.
pub(super) struct Reported {
    /// The name of the list.
    pub(super) list: Ident,
    /// Their impls of `ReportedIn` the list.
    pub(super) impls: TokenStream,
}

impl Signatures<'_> {
    /// The builders of the custom modules: `Slot<HousePrice, 0>`.
    pub(super) fn builders(&self) -> Vec<TokenStream> {
        let (private, definition) = (&self.paths.private, &self.names.definition);
        let numbers = 0..self.modules.len();
        numbers.map(|number| quote!(#private::own_module::Slot<#definition, #number>)).collect()
    }

    /// The modules that they build.
    pub(super) fn built(&self) -> Vec<TokenStream> {
        let private = &self.paths.private;
        let builders = self.builders().into_iter();
        builders.map(|builder| quote!(<#builder as #private::BuildOnDevice<D, E>>::Built)).collect()
    }

    /// `pub struct HousePrice`, with handles of its nodes.
    pub(super) fn definition(&self, table: &str, handles: &[Handle]) -> TokenStream {
        let (visibility, definition, krate) =
            (&self.head.visibility, &self.names.definition, &self.paths.krate);
        let docs = self.head.attributes.iter().filter(|a| a.path().is_ident("doc"));
        let is_free = |item: &str| !handles.iter().any(|handle| handle.name == item);
        let summary = is_free("summary").then(|| self.summary());
        let build = is_free("build").then(|| self.build());
        let load = is_free("load").then(|| self.load());
        let graph = is_free("GRAPH").then(|| {
            quote! {
                /// Nodes, layers and shapes.
                pub const GRAPH: #krate::definition::Graph =
                    <#definition as #krate::definition::Definition>::GRAPH;
            }
        });
        let handles = handles.iter().map(|handle| &handle.item);
        quote! {
            #(#docs)*
            #[doc = #table]
            #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]
            #visibility struct #definition {
                _definition: (),
            }

            impl #definition {
                #(#handles)*

                #graph
                #build
                #load
                #summary
            }
        }
    }

    /// `fn build`.
    fn build(&self) -> TokenStream {
        let (definition, krate) = (&self.names.definition, &self.paths.krate);
        quote! {
            /// Builds a model of `f32` with fresh weights, which depend on `seed` only. For
            /// another dtype use `Model::<_, f64>::build`.
            pub fn build<D: #krate::Compute<::core::primitive::f32>>(
                device_: &D,
                seed_: #krate::Seed,
            ) -> #krate::Model<#definition, ::core::primitive::f32, D>
            where
                #definition: #krate::definition::Network<::core::primitive::f32, D>,
            {
                #krate::Model::build(device_, seed_)
            }
        }
    }

    /// `fn load`.
    fn load(&self) -> TokenStream {
        let (definition, krate) = (&self.names.definition, &self.paths.krate);
        quote! {
            /// Loads a saved model of `f32`. For another dtype use `Model::<_, f64>::load`.
            pub fn load<D: #krate::Compute<::core::primitive::f32>>(
                path_: impl ::core::convert::AsRef<::std::path::Path>,
                device_: &D,
            ) -> #krate::Result<#krate::Model<#definition, ::core::primitive::f32, D>>
            where
                #definition: #krate::definition::Network<::core::primitive::f32, D>,
            {
                #krate::Model::load(path_, device_)
            }
        }
    }

    /// `fn summary`, which counts the module's parameters.
    fn summary(&self) -> TokenStream {
        let (definition, krate, private) =
            (&self.names.definition, &self.paths.krate, &self.paths.private);
        quote! {
            /// Layers, output shapes and parameters, as a table to print.
            pub fn summary() -> #krate::Summary {
                #krate::Summary::of::<#definition, ::core::primitive::f32, #private::Cpu>()
            }
        }
    }

    /// The constant that is the handle of an output. It holds a type for the list of the metrics that the
    /// output reports, which rustc calls `metrics_of_price`.
    pub(super) fn output_handle(&self, name: &Ident, index: usize, reported: &Reported) -> Handle {
        let (krate, definition) = (&self.paths.krate, &self.names.definition);
        let (text, doc) =
            (plain(name), format!("The output `{name}`, to speak of it to a trainer."));
        let Reported { list, impls } = reported;
        let item = quote! {
            #[doc = #doc]
            #[allow(non_upper_case_globals, non_camel_case_types, non_local_definitions, dead_code)]
            pub const #name: #krate::train::OutputOf<#definition, #index> = {
                pub enum #list {}
                #impls
                impl #krate::metric::Reports<#index> for #definition {
                    type Metrics = #list;
                }
                #krate::train::OutputOf::new(#text)
            };
        };
        Handle { name: name.clone(), item }
    }

    /// The constant that is the handle of another node. Only an optional input can be dropped.
    pub(super) fn node_handle(&self, name: &Ident, may_be_absent: bool) -> Handle {
        let (krate, definition) = (&self.paths.krate, &self.names.definition);
        let kind = format_ident!("{}", if may_be_absent { "OptionalInputOf" } else { "NodeOf" });
        let (text, doc) = (plain(name), format!("The node `{name}`, to speak of it to a trainer."));
        let ty = quote!(#krate::train::#kind<#definition>);
        let value = quote!(#krate::train::#kind::new(#text));
        let (ty, value) = match self.item_of_name(name) {
            Some((item, of_item)) => (
                quote!(#krate::train::SharedName<#ty, #item>),
                quote!(#krate::train::SharedName::new(#value, #of_item)),
            ),
            None => (ty, value),
        };
        let item = quote! {
            #[doc = #doc]
            #[allow(non_upper_case_globals, dead_code)]
            pub const #name: #ty = #value;
        };
        Handle { name: name.clone(), item }
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

    /// `impl HasClasses<1> for HousePrice`: an output has classes, for class weights.
    pub(super) fn class_output(&self, index: usize) -> TokenStream {
        let (krate, definition) = (&self.paths.krate, &self.names.definition);
        quote!(impl #krate::train::HasClasses<#index> for #definition {})
    }
}
