//! Values of the user's own as trait objects. A local trait gives the message for a type without the
//! trait that it needs.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::paths::Paths;
use crate::parse::Own;

/// A place for a value of the user's own.
#[derive(Clone, Copy)]
pub(super) enum Place {
    Step,
    Merge,
    Derivation,
}

impl Place {
    /// The path of the trait, and what a type without it is not.
    fn needs(self, paths: &Paths) -> (TokenStream, &'static str) {
        let (krate, stage) = (&paths.krate, quote!(preprocess::stage));
        match self {
            Place::Step => (
                quote!(#krate::#stage::Stage),
                "no step: it implements neither `FixedStep` nor `LearnedStep`",
            ),
            Place::Merge => {
                (quote!(#krate::merge::Merge), "no merge: it does not implement `Merge`")
            }
            Place::Derivation => (
                quote!(#krate::#stage::Derivation),
                "no derivation: it does not implement `Derivation`",
            ),
        }
    }
}

/// The value as the `&'static dyn` of its place's trait. `field` is the node, for the message.
pub(super) fn of_place(own: &Own, place: Place, field: &str, paths: &Paths) -> TokenStream {
    let (path, what) = place.needs(paths);
    let (value, label) = (own.value(), what.split(':').next().unwrap_or(what));
    // Braces would be parsed as format parameters.
    let message = format!("`{field}`: `{}` is {what}", own.text);
    let message = message.replace('{', "{{").replace('}', "}}");
    quote_spanned! {own.span=> {
        #[diagnostic::on_unimplemented(message = #message, label = #label)]
        trait Fits: #path {}
        #[diagnostic::do_not_recommend]
        impl<T: #path> Fits for T {}
        let own: &'static dyn Fits = #value;
        own
    }}
}
