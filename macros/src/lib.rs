//! The attribute `#[multi_input_model]`. Use it through the crate `multi-input`, which documents it.
#![forbid(unsafe_code)]

use proc_macro::TokenStream;

/// Turns an annotated struct into a typed multi-input model; see the crate `multi-input`.
#[proc_macro_attribute]
pub fn multi_input_model(arguments: TokenStream, item: TokenStream) -> TokenStream {
    multi_input_macros_core::expand_model(arguments.into(), item.into()).into()
}
