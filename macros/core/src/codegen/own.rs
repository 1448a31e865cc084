//! Values of the user's own as trait objects. A local trait gives the message for a type without the
//! trait that it needs.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::{paths::Paths, Expansion};
use crate::{
    names,
    parse::{LossCall, Merge, Own, Source},
    text::plain,
};

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

/// The losses and merges as constants of the definition, which the expansion names at several places.
pub(super) fn constants(expansion: &Expansion<'_>) -> TokenStream {
    let (graph, definition) = (&expansion.checked.graph, &expansion.names.definition);
    let losses = graph.outputs().enumerate().filter_map(|(index, position)| {
        let node = &graph.nodes[position];
        match node.field.output.as_ref()?.loss.as_ref()? {
            LossCall::Own(own) => Some(loss(index, own, &plain(node.name()), &expansion.paths)),
            LossCall::Named(_) => None,
        }
    });
    let merges = graph.nodes.iter().enumerate().filter_map(|(position, node)| {
        let Some(Source::Merge(Merge { own: Some((own, _)), .. })) = &node.field.source else {
            return None;
        };
        let (name, krate) = (names::own_merge(position), &expansion.paths.krate);
        let value = of_place(own, Place::Merge, &plain(node.name()), &expansion.paths);
        Some(quote_spanned! {own.span=>
            #[doc(hidden)]
            pub const #name: &'static dyn #krate::merge::Merge = #value;
        })
    });
    let all: Vec<TokenStream> = losses.chain(merges).collect();
    match all.is_empty() {
        true => TokenStream::new(),
        // The constants are at the user's tokens, where the user's lints apply.
        false => quote!(#[allow(unreachable_pub)] impl #definition { #(#all)* }),
    }
}

/// The constant of a loss.
fn loss(output: usize, own: &Own, field: &str, paths: &Paths) -> TokenStream {
    let (private, krate) = (&paths.private, &paths.krate);
    let (name, value, text) = (names::own_loss(output), own.value(), &own.text);
    let message =
        format!("`{field}`: `{text}` is no loss: it implements neither `LossFormula` nor `Loss`");
    let message = message.replace('{', "{{").replace('}', "}}");
    quote_spanned! {own.span=>
        #[doc(hidden)]
        pub const #name: #private::OwnLoss = {
            #[diagnostic::on_unimplemented(message = #message, label = "no loss")]
            trait Fits {}
            #[diagnostic::do_not_recommend]
            impl<T: #krate::loss::Loss> Fits for T {}
            const fn own_<T: Fits + #krate::loss::Loss>(loss_: &'static T) -> #private::OwnLoss {
                #private::own_loss(loss_)
            }
            // Rustc reports the cast alone, which is shorter.
            let _: &'static dyn Fits = #value;
            own_(#value)
        };
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
        let own_: &'static dyn Fits = #value;
        own_
    }}
}
