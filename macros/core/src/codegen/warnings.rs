//! Warnings. A procedural macro cannot warn on a stable compiler, but rustc warns of whatever is
//! deprecated where it is used: here a constant, used at the user's token.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::warn::Warning;

/// One constant for each warning.
pub(crate) fn warnings(warnings: &[Warning]) -> TokenStream {
    let constants = warnings.iter().map(|Warning { lint, text, span }| {
        let name = lint.name();
        let note = format!("{text}; silence it with `#[multi_input_model(allow({name}))]`");
        let declared = Ident::new(name, Span::call_site());
        let used = Ident::new(name, *span);
        quote! {
            const _: () = {
                #[deprecated(note = #note)]
                #[allow(non_upper_case_globals)]
                const #declared: () = ();
                #used
            };
        }
    });
    quote!(#(#constants)*)
}
