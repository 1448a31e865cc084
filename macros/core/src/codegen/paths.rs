//! Every path in the expansion, absolute and defined once, so that a crate that shadows `Vec` or
//! `Result`, or renames this crate, still compiles.

use proc_macro2::TokenStream;
use quote::quote;

/// Absolute paths.
pub(crate) struct Paths {
    /// The crate `multi_input`.
    pub(crate) krate: TokenStream,
    /// Its hidden module for the expansion.
    pub(crate) private: TokenStream,
    /// The layers.
    pub(crate) layer: TokenStream,
    /// The shape formulas.
    pub(crate) spec: TokenStream,
    pub(crate) ok: TokenStream,
    pub(crate) result: TokenStream,
    pub(crate) option: TokenStream,
    pub(crate) some: TokenStream,
    pub(crate) none: TokenStream,
    pub(crate) clone: TokenStream,
    pub(crate) vec: TokenStream,
}

impl Paths {
    /// The paths for a crate that names `multi_input` as `krate`.
    pub(crate) fn new(krate: &TokenStream) -> Paths {
        Paths {
            krate: krate.clone(),
            private: quote!(#krate::private),
            layer: quote!(#krate::layer),
            spec: quote!(#krate::private::spec),
            ok: quote!(::core::result::Result::Ok),
            result: quote!(::core::result::Result),
            option: quote!(::core::option::Option),
            some: quote!(::core::option::Option::Some),
            none: quote!(::core::option::Option::None),
            clone: quote!(::core::clone::Clone::clone),
            vec: quote!(::std::vec),
        }
    }
}
