//! Every path that the expansion uses, absolute and written once, so that a user who shadows
//! `Vec` or `Result`, or renames our crate, still compiles.

use proc_macro2::TokenStream;
use quote::quote;

/// Absolute paths, by what they name.
pub(crate) struct Paths {
    /// Our crate.
    pub(crate) krate: TokenStream,
    /// The hidden module with everything else.
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
    /// The paths for a crate that calls ours `krate`.
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
