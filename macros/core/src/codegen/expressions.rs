//! The constant expressions of the user, each as a constant beside the definition.
//!
//! An expression stands where a type needs its value: in the length of an array or in a const argument.
//! There rustc reports a failure once, and says nothing of the constants that depend on it.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::paths::Paths;
use crate::expression::{Expression, Kind};

/// `const House_SIZE_0: usize = ..` and the like.
pub(crate) fn constants<'a>(
    expressions: impl IntoIterator<Item = &'a Expression>,
    paths: &Paths,
) -> TokenStream {
    expressions.into_iter().map(|expression| constant(expression, paths)).collect()
}

fn constant(expression: &Expression, paths: &Paths) -> TokenStream {
    let Expression { name, kind, written, .. } = expression;
    // What rustc compares with the type is at the user's token, in whose edition `::core` may be a module
    // of the user's.
    let (private, span) = (&paths.private, expression.span());
    let (primitive, texts) =
        (quote!(::core::primitive), quote!(&'static [&'static ::core::primitive::str]));
    let (ty, value) = match kind {
        Kind::Size => (quote!(#primitive::usize), quote!(<[()]>::len(&[(); #written]))),
        Kind::Number => {
            let number = quote_spanned!(span=> (#written) as ::std::primitive::f64);
            let bits = quote!(#primitive::f64::to_bits(#number));
            (quote!(#primitive::f64), quote!(#private::NumberOf::<{ #bits }>::VALUE))
        }
        Kind::Flag => (quote!(#primitive::bool), quote!(#private::FlagOf::<{ #written }>::VALUE)),
        Kind::Axis => (quote!(#primitive::isize), quote!(#private::AxisOf::<{ #written }>::VALUE)),
        Kind::Own => {
            let evaluated = quote!({ ::core::mem::forget(#written); 0 });
            (quote!(#primitive::usize), quote!(<[()]>::len(&[(); #evaluated])))
        }
        Kind::Numbers => (quote!(&'static [#primitive::f64]), quote_spanned!(span=> &#written)),
        Kind::Text => (texts, quote_spanned!(span=> &[#written])),
        Kind::Texts => (texts, quote_spanned!(span=> &#written)),
    };
    quote! {
        #[doc(hidden)]
        #[allow(
            non_upper_case_globals, dead_code, trivial_casts, trivial_numeric_casts, unused_parens,
            unused_braces, clippy::all, clippy::pedantic
        )]
        const #name: #ty = #value;
    }
}
