//! Formulas evaluated by rustc, because one of their sizes is a `const` path.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use super::{cost, Expansion};

/// The shapes as associated constants of the definition. If a formula finds a mistake, its sizes
/// stay unknown; unknown sizes pass every other check, so the mistake is reported once.
pub(crate) fn shapes(expansion: &Expansion<'_>) -> TokenStream {
    if expansion.checked.constants.is_empty() {
        return TokenStream::new();
    }
    let (definition, private) = (&expansion.names.definition, &expansion.paths.private);
    let constants = expansion.checked.constants.iter().enumerate();
    let constants =
        constants.map(|(number, one)| expansion.formulas.declaration(number, one, private));
    quote!(impl #definition { #(#constants)* })
}

/// The checks: each panics at compile time at the user's token, with the message of the spec.
pub(crate) fn checks(expansion: &Expansion<'_>) -> TokenStream {
    let (checked, formulas) = (expansion.checked, &expansion.formulas);
    let required = checked.requirements.iter().map(|requirement| {
        let formula = formulas.requirement(requirement);
        check(expansion, &requirement.field, requirement.span, &formula)
    });
    let checks = checked
        .checks
        .iter()
        .map(|one| check(expansion, &one.field, one.span, &formulas.formula(&one.formula)));
    let budget = cost::checks(expansion);
    quote!(#(#required)* #(#checks)* #budget)
}

/// `formula` is a constant expression of type `Result<_, Text>`.
pub(super) fn check(
    expansion: &Expansion<'_>,
    field: &str,
    span: Span,
    formula: &TokenStream,
) -> TokenStream {
    let (spec, field) = (&expansion.paths.spec, format!("`{field}`: "));
    // At the user's tokens, in whose edition `::core` may be a module of the user's.
    quote_spanned! {span=>
        const _: () = if let ::std::result::Result::Err(text_) = &#formula {
            ::std::panic!("{}", #spec::Text::as_str(&#spec::Text::new(#field).text(text_)));
        };
    }
}
