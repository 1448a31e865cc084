//! Warnings. On stable Rust a procedural macro cannot emit warnings, but rustc warns about uses of
//! deprecated items: here a deprecated constant used at the user's token.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::warn::Warning;

/// One constant per warning.
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
