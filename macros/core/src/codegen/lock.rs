//! The constants of a lock, whose values only rustc knows.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::{newtypes::row_value, paths::Paths};
use crate::lock::{Locked, LockedConstant, Unit};

/// An error at the lock for constants that it does not have, and one at each constant that has another
/// value.
pub(crate) fn checks(locked: &Locked, paths: &Paths) -> TokenStream {
    let spec = &paths.spec;
    let (lock, path) = (quote!(#spec::lock), &locked.path);
    let constants = || locked.constants.iter();
    let known = constants().filter(|constant| constant.value.is_some());
    let checks = known.clone().enumerate().map(|(index, constant)| {
        let LockedConstant { field, span, tensors, .. } = constant;
        let field = format!("`{field}`: ");
        quote_spanned! {*span=>
            const _: () = if let ::core::result::Result::Err(text_) =
                #lock::compare(#path, ALL, #index, #tensors)
            {
                ::core::panic!("{}", #spec::Text::new(#field).text(&text_).as_str());
            };
        }
    });
    let all = known.map(|constant| {
        let (text, now) = (&constant.text, of_kind(constant, &constant.tokens, &lock));
        let before = constant.value.as_ref().map(|value| of_kind(constant, value, &lock));
        let shell = in_shell(text);
        quote!(#lock::Compared { name: #text, shell: #shell, now: #now, before: #before })
    });
    let all: Vec<TokenStream> = all.collect();
    let compared = (!all.is_empty()).then(|| {
        quote! {
            const _: () = {
                const ALL: &[#lock::Compared] = &[#(#all),*];
                #(#checks)*
            };
        }
    });
    let unknown = constants().filter(|constant| constant.value.is_none());
    let unknown: Vec<TokenStream> = unknown
        .map(|constant| {
            let (text, value) =
                (in_shell(&constant.text), of_kind(constant, &constant.tokens, &lock));
            quote!((#text, #value))
        })
        .collect();
    let unknown = locked.span.filter(|_| !unknown.is_empty()).map(|span| {
        quote_spanned! {span=>
            const _: () = ::core::panic!("{}", #lock::unknown(#path, &[#(#unknown),*]).as_str());
        }
    });
    let units = locked.units.iter().filter_map(|unit| {
        let (Unit { field, newtype, .. }, before) = (unit, unit.before.as_ref()?);
        let now = row_value(&newtype.path, quote!(UNIT), &paths.krate);
        Some(quote_spanned! {unit.span()=>
            const _: () =
                if let ::core::result::Result::Err(text_) = #lock::unit(#path, #field, #now, #before) {
                    ::core::panic!("{}", text_.as_str());
                };
        })
    });
    quote!(#compared #unknown #(#units)*)
}

/// A text between double quotes of a shell.
fn in_shell(text: &str) -> String {
    let special = |letter: &char| ['\\', '"', '$', '`'].contains(letter);
    text.chars()
        .flat_map(|letter| special(&letter).then_some('\\').into_iter().chain([letter]))
        .collect()
}

/// A value as that of the spec.
fn of_kind(constant: &LockedConstant, value: &TokenStream, lock: &TokenStream) -> TokenStream {
    match constant.is_size {
        true => quote!(#lock::Constant::Size(#value)),
        false => quote!(#lock::Constant::Number(#value)),
    }
}
