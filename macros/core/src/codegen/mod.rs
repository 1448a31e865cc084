//! [`Plan`] to tokens. Nothing can fail here.
//!
//! For `HousePrice`, in this order:
//!
//! ```text
//! pub struct HousePrice                        the definition, with the layer table as its docs
//! const _: () = { panics in the spec's words } the formulas left to rustc
//! pub struct HousePriceInputs, ..Sample, ..Outputs        rows
//! pub struct HousePriceModel<E, D>             the module: one field for each branch
//! pub struct HousePriceBatch<B, E, D, T>       its input, ..Heads its output
//! impl TensorCollection, Module, ModuleMut for HousePriceModel
//! impl Definition, BuildOnDevice, Network for HousePrice
//! const _: () = { deprecated }                 what is legal and likely a mistake
//! ```

mod call;
mod constants;
mod cost;
mod custom;
mod docs;
mod editor;
#[cfg(test)]
mod editor_tests;
mod expressions;
mod fallback;
mod formula;
mod forward;
mod graph;
mod lock;
mod metrics;
mod model;
mod nest;
mod network;
mod newtypes;
mod own;
mod paths;
mod rows;
mod signatures;
mod tensors;
#[cfg(test)]
mod tests;
mod used;
mod warnings;

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::{
    check::CheckedGraph, lock::Locked, names::Names, parse::Head, plan::Plan, warn::Warning,
};

use signatures::Signatures;

pub(crate) use editor::editor;
pub(crate) use fallback::{unread, unreadable, Fallback};

/// The expansion of a model.
pub(crate) fn generate(
    plan: &Plan<'_>,
    likely_mistakes: &[Warning],
    locked: &Locked,
) -> TokenStream {
    let expansion = Expansion::new(plan);
    let (graph, signatures) = (&expansion.checked.graph, expansion.signatures());
    let inputs: Vec<_> = graph.inputs().map(|node| &graph.nodes[node].field).collect();
    let outputs: Vec<_> = graph.outputs().map(|node| &graph.nodes[node].field).collect();
    let is_part = graph.model.part_of.is_some();
    // The model of a part checks its constants, and uses its imports.
    let (checks, imports) = match is_part {
        true => (TokenStream::new(), TokenStream::new()),
        false => {
            let fields = graph.nodes.iter().map(|node| &node.field);
            let constants = constants::checks(&expansion);
            let newtypes = newtypes::checks(&expansion);
            (quote!(#constants #newtypes), used::types(&graph.model, fields))
        }
    };
    let parts = [
        expressions::constants(expansion.checked.expressions.all(), &expansion.paths),
        checks,
        model::definition(&expansion),
        own::constants(&expansion),
        constants::shapes(&expansion),
        rows::structs(&signatures, &inputs, &outputs, &model::values(&expansion)),
        rows::deserialize(&signatures, &inputs, &outputs),
        model::module(&expansion),
        model::batch(&expansion),
        model::heads(&expansion),
        tensors::collection(&expansion),
        forward::modules(&expansion),
        network::definition(&expansion),
        network::network(&expansion),
        signatures.part_of(),
        imports,
        lock::checks(locked, &expansion.paths),
        warnings::warnings(likely_mistakes),
    ];
    quote!(#(#parts)*)
}

/// The items of a model, by way of the path that `crate = ...` names: where there is no such path, rustc
/// says so once, at its tokens, and drops the items.
pub(crate) fn by_way_of_the_crate(head: &Head, items: TokenStream) -> TokenStream {
    let Some(path) = &head.options.given_crate else { return items };
    let (name, span) = (&head.options.krate, path.span());
    let import = quote_spanned!(span=> use #path as);
    quote! {
        #[doc(hidden)]
        #[allow(unused_imports, non_snake_case)]
        #import #name;

        #name::private::items! { #items }
    }
}

/// The shared data of all generators.
pub(crate) struct Expansion<'a> {
    pub(crate) checked: &'a CheckedGraph,
    pub(crate) plan: &'a Plan<'a>,
    pub(crate) names: Names,
    pub(crate) paths: paths::Paths,
    pub(crate) formulas: formula::Formulas,
    pub(crate) custom: Vec<custom::Custom<'a>>,
}

impl<'a> Expansion<'a> {
    /// The signatures of the items.
    fn signatures(&self) -> Signatures<'_> {
        let parameters = self.custom.iter().map(|custom| custom.parameter.clone());
        Signatures {
            head: &self.checked.graph.model,
            names: &self.names,
            paths: &self.paths,
            modules: parameters.collect(),
            has_samples: {
                let graph = &self.checked.graph;
                graph.model.part_of.is_none() || graph.outputs().next().is_some()
            },
        }
    }

    fn new(plan: &'a Plan<'a>) -> Self {
        let checked = plan.checked;
        let model = &checked.graph.model;
        Expansion {
            checked,
            plan,
            names: Names::of(&model.name),
            paths: paths::Paths::new(&model.options.krate),
            formulas: formula::Formulas::of(model),
            custom: custom::modules(checked),
        }
    }
}
