//! The names of generated items, which nodes cannot have.
//!
//! Locals and parameters of the expansion end in an underscore: `batch_`, `x_`. A pattern resolves to a constant or a static
//! of that name in the user's scope, whatever the hygiene of its span is, and users do not write such names.

use proc_macro2::Ident;
use quote::format_ident;

/// The associated items of the definition besides the handles of nodes. A node of such a name has a
/// handle that is the item as well (`codegen/signatures/shared_name.rs`); an output cannot have it.
const OF_THE_DEFINITION: [&str; 5] = ["build", "load", "summary", "GRAPH", "diagram"];

/// The suffix of the field of a learned vector.
const STAND_IN: &str = "_missing";

/// The suffix of the field of a learned weight of a loss.
const LOG_VARIANCE: &str = "_log_variance";

/// Whether a name is that of a type parameter of the generated types.
pub(crate) fn is_a_parameter(name: &Ident) -> bool {
    ["E", "D", "T"].iter().any(|parameter| name == parameter)
}

/// Whether the definition has another item of that name.
pub(crate) fn is_in_the_definition(name: &Ident) -> bool {
    OF_THE_DEFINITION.iter().any(|taken| name == taken)
}

/// Whether the batch and the heads have another field of that name.
pub(crate) fn is_in_the_batch(name: &Ident) -> bool {
    name == "tape"
}

/// The module's field of the learned vector that replaces an absent node.
pub(crate) fn stand_in(node: &Ident) -> Ident {
    format_ident!("{}{}", node, STAND_IN, span = node.span())
}

/// The node whose learned vector would have that name.
pub(crate) fn stands_in_for(name: &Ident) -> Option<String> {
    name.to_string().strip_suffix(STAND_IN).map(str::to_owned)
}

/// The module's field of the learned weight of an output's loss.
pub(crate) fn log_variance(node: &Ident) -> Ident {
    format_ident!("{}{}", node, LOG_VARIANCE, span = node.span())
}

/// The output whose learned weight would have that name.
pub(crate) fn weighs(name: &Ident) -> Option<String> {
    name.to_string().strip_suffix(LOG_VARIANCE).map(str::to_owned)
}

/// The constant of the definition that holds a loss of the user's own.
pub(crate) fn own_loss(output: usize) -> Ident {
    format_ident!("OWN_LOSS_{output}")
}

/// The constant of the definition that holds the merge of the user's own of a node.
pub(crate) fn own_merge(node: usize) -> Ident {
    format_ident!("OWN_MERGE_{node}")
}

/// The module's type parameter for custom module number `number`.
pub(crate) fn module_parameter(number: usize) -> Ident {
    format_ident!("M{number}")
}

/// The generated types of one model.
pub(crate) struct Names {
    pub(crate) definition: Ident,
    pub(crate) inputs: Ident,
    pub(crate) sample: Ident,
    pub(crate) outputs: Ident,
    pub(crate) model: Ident,
    pub(crate) batch: Ident,
    pub(crate) heads: Ident,
}

impl Names {
    /// All of them.
    pub(crate) fn all(&self) -> [&Ident; 7] {
        let Names { definition, inputs, sample, outputs, model, batch, heads } = self;
        [definition, inputs, sample, outputs, model, batch, heads]
    }

    /// `HousePriceInputs` and so on.
    pub(crate) fn of(definition: &Ident) -> Names {
        let span = definition.span();
        let name = |suffix: &str| format_ident!("{definition}{suffix}", span = span);
        Names {
            definition: definition.clone(),
            inputs: name("Inputs"),
            sample: name("Sample"),
            outputs: name("Outputs"),
            model: name("Model"),
            batch: name("Batch"),
            heads: name("Heads"),
        }
    }
}
