//! The attribute `#[multi_input_model]` and the derive `Newtype`. Use them through the crate `multi-input`, which documents them.
#![forbid(unsafe_code)]

use proc_macro::TokenStream;

/// Turns an annotated struct into a typed multi-input model; see the crate `multi-input`.
#[proc_macro_attribute]
pub fn multi_input_model(arguments: TokenStream, item: TokenStream) -> TokenStream {
    multi_input_macros_core::expand_model(arguments.into(), item.into()).into()
}

/// Implements the trait `Newtype` for a type around a value of a row, `struct Metres(f32);`.
#[proc_macro_derive(Newtype, attributes(newtype))]
pub fn newtype(item: TokenStream) -> TokenStream {
    multi_input_macros_core::expand_newtype(item.into()).into()
}
