//! `part(ItemTower = item_vector)`, `part(Towers = (user_vector, item_vector))` and, with the inputs
//! that it may take, `part(ItemTower(title, genre) = item_vector)`.

use proc_macro2::{Ident, TokenStream};
use syn::{parse::ParseStream, punctuated::Punctuated, token, Token};

use super::Field;

/// A part of the model that is a definition of its own.
#[derive(Clone)]
pub(crate) struct Part {
    pub(crate) name: Ident,
    /// The inputs that it may take; `None` if any.
    pub(crate) inputs: Option<Vec<Ident>>,
    /// The nodes that are its outputs.
    pub(crate) outputs: Vec<Ident>,
}

/// What a part knows of the model that it is a part of.
#[derive(Clone)]
pub(crate) struct Whole {
    /// The model's name.
    pub(crate) name: Ident,
    /// The nodes whose output is replaced where they are absent. Their consumer may be outside of
    /// the part.
    pub(crate) filled: Vec<Ident>,
    /// The nodes that own a branch in the part and share it in the model, each with its owner there.
    pub(crate) owners: Vec<(Ident, Ident)>,
    /// The model's other inputs and targets, whose columns in files are not the part's.
    pub(crate) other_fields: Vec<Field>,
}

const FORM: &str = "a part is written `part(ItemTower = item_vector)`, and with several outputs \
                    `part(Towers = (user_vector, item_vector))`";

/// Reads `(...)` after the word `part`.
pub(super) fn read(word: &Ident, input: ParseStream<'_>) -> syn::Result<Vec<Part>> {
    if !input.peek(token::Paren) {
        return Err(syn::Error::new(word.span(), FORM));
    }
    let parts;
    syn::parenthesized!(parts in input);
    if parts.is_empty() {
        return Err(syn::Error::new(word.span(), FORM));
    }
    let parts = Punctuated::<Part, Token![,]>::parse_terminated_with(&parts, part)?;
    match input.is_empty() {
        true => Ok(parts.into_iter().collect()),
        false => Err(input.error("expected a comma")),
    }
}

fn part(input: ParseStream<'_>) -> syn::Result<Part> {
    let name: Ident = input.parse().map_err(|error| syn::Error::new(error.span(), FORM))?;
    let inputs = input.peek(token::Paren).then(|| names(input)).transpose()?;
    if !input.peek(Token![=]) {
        return Err(syn::Error::new(name.span(), FORM));
    }
    input.parse::<Token![=]>()?;
    let outputs = match input.peek(token::Paren) {
        true => names(input)?,
        false => vec![input.parse().map_err(|error| syn::Error::new(error.span(), FORM))?],
    };
    match outputs.is_empty() {
        true => Err(syn::Error::new(name.span(), FORM)),
        false => Ok(Part { name, inputs, outputs }),
    }
}

/// `(a, b)`.
fn names(input: ParseStream<'_>) -> syn::Result<Vec<Ident>> {
    let names;
    syn::parenthesized!(names in input);
    let found: TokenStream = names.fork().parse()?;
    let listed = Punctuated::<Ident, Token![,]>::parse_terminated(&names).map_err(|error| {
        syn::Error::new(error.span(), format!("expected names of nodes, found `{found}`"))
    })?;
    Ok(listed.into_iter().collect())
}
