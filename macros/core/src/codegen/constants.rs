//! The formulas that are left to rustc, because a size in them is a `const` path.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::Expansion;
use crate::shape::kind;

/// The shapes, as associated constants of the definition. Where a formula finds a mistake, its
/// sizes stay unknown: they pass every other check, so that only its own fires.
pub(crate) fn shapes(expansion: &Expansion<'_>) -> TokenStream {
    if expansion.checked.constants.is_empty() {
        return TokenStream::new();
    }
    let (definition, private) = (&expansion.names.definition, &expansion.paths.private);
    let constants = expansion.checked.constants.iter().map(|constant| {
        let (name, formula, rank) = (&constant.name, &constant.formula, constant.rank);
        let spec = &expansion.paths.spec;
        let kind = kind(constant.kind);
        quote! {
            #[doc(hidden)]
            const #name: #spec::Shape =
                #private::shape_or_unknown(&#formula, #spec::Kind::#kind, #rank);
        }
    });
    quote!(impl #definition { #(#constants)* })
}

/// The checks: each panics while compiling, at the user's token, in the spec's words.
pub(crate) fn checks(expansion: &Expansion<'_>) -> TokenStream {
    let private = &expansion.paths.private;
    let checks = expansion.checked.checks.iter().map(|check| {
        let (formula, field) = (&check.formula, format!("`{}`: ", check.field));
        quote_spanned! {check.span=>
            const _: () = if let ::core::result::Result::Err(text) = &#formula {
                ::core::panic!("{}", #private::spec::Text::new(#field).text(text).as_str());
            };
        }
    });
    quote!(#(#checks)*)
}
