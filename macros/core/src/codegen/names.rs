//! The names of what is generated.

use proc_macro2::Ident;
use quote::format_ident;

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
