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
mod custom;
mod docs;
mod editor;
#[cfg(test)]
mod editor_tests;
mod fallback;
mod formula;
mod forward;
mod graph;
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
mod warnings;

use proc_macro2::TokenStream;
use quote::quote;

use crate::{check::CheckedGraph, names::Names, plan::Plan, warn::Warning};

use signatures::{Bodies, CustomModule, Signatures};

pub(crate) use editor::editor;
pub(crate) use fallback::{fallback, unreadable};

/// The expansion of a model.
pub(crate) fn generate(plan: &Plan<'_>, likely_mistakes: &[Warning]) -> TokenStream {
    let expansion = Expansion::new(plan);
    let (graph, signatures) = (&expansion.checked.graph, expansion.signatures());
    let inputs: Vec<_> = graph.inputs().map(|node| &graph.nodes[node].field).collect();
    let outputs: Vec<_> = graph.outputs().map(|node| &graph.nodes[node].field).collect();
    let is_part = graph.model.part_of.is_some();
    // The model of a part checks its constants.
    let checks = if is_part {
        TokenStream::new()
    } else {
        let (constants, newtypes) = (constants::checks(&expansion), newtypes::checks(&expansion));
        quote!(#constants #newtypes)
    };
    let parts = [
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
        warnings::warnings(likely_mistakes),
    ];
    quote!(#(#parts)*)
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
    /// The signatures of the items, with their bodies.
    fn signatures(&self) -> Signatures<'_> {
        let modules = self.custom.iter().map(|custom| CustomModule {
            parameter: custom.parameter.clone(),
            module: custom.module,
            span: custom.span,
        });
        Signatures {
            head: &self.checked.graph.model,
            names: &self.names,
            paths: &self.paths,
            modules: modules.collect(),
            has_samples: {
                let graph = &self.checked.graph;
                graph.model.part_of.is_none() || graph.outputs().next().is_some()
            },
            bodies: Bodies::Run,
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
