//! Mistakes in what stands around the struct in its file.

use proc_macro2::Ident;

use crate::{
    diagnostics::Diagnostics,
    names::Names,
    parse::Head,
    source::{Declared, SourceText},
};

/// Reports a derive above the attribute, and names of generated types that other items have; returns
/// these names.
pub(crate) fn check(head: &Head, errors: &mut Diagnostics) -> Vec<Ident> {
    let Some(source) = SourceText::of_call() else { return Vec::new() };
    if let Some(derives) = source.derives_above() {
        errors.at(
            head.name.span(),
            format!(
                "`#[derive({derives})]` stands above `#[multi_input_model]`, so it derives for this \
                 struct, of which there are no values; put it below, where it derives for the rows"
            ),
        );
    }
    let definitions =
        [&head.name].into_iter().chain(head.options.parts.iter().map(|part| &part.name));
    let collisions = definitions.filter_map(|definition| collision(definition, &source, errors));
    collisions.flatten().collect()
}

/// The names of a definition's types that are taken; they are reported once.
fn collision(
    definition: &Ident,
    source: &SourceText,
    errors: &mut Diagnostics,
) -> Option<Vec<Ident>> {
    let names = Names::of(definition);
    let declared = names.all().into_iter().filter_map(|name| {
        let there = source.declared(&name.to_string())?;
        // Of two models of one name the second reports it.
        let is_reported = name != definition || there.is_before || !there.is_model;
        is_reported.then(|| (name.clone(), there))
    });
    let taken: Vec<(Ident, Declared)> = declared.collect();
    let (first, Declared { line, is_model, .. }) = taken.first()?;
    let text = match first == definition {
        true => format!("there is a type `{first}` already, in line {line}; rename one of them"),
        false => format!(
            "`{definition}` comes with a type `{first}`, and there is one already, in line {line}; \
             rename one of them"
        ),
    };
    errors.at(definition.span(), text);
    Some(match first == definition && *is_model {
        // The other model has all of them.
        true => names.all().into_iter().cloned().collect(),
        false => taken.into_iter().map(|(name, _)| name).collect(),
    })
}
