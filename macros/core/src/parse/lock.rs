//! `lock = "house.lock"`: the file with the saved form of the model.

use proc_macro2::Ident;
use syn::{parse::ParseStream, LitStr, Token};

/// Reads what follows the word `lock`: a path from the folder of the crate's manifest.
pub(super) fn read(word: &Ident, input: ParseStream<'_>) -> syn::Result<LitStr> {
    let form = "expected the path of a file in quotes: `lock = \"house.lock\"`";
    if !input.peek(Token![=]) {
        return Err(syn::Error::new(word.span(), form));
    }
    input.parse::<Token![=]>()?;
    let path: LitStr =
        input.parse().map_err(|error: syn::Error| syn::Error::new(error.span(), form))?;
    match path.value().trim().is_empty() {
        true => Err(syn::Error::new(path.span(), form)),
        false => Ok(path),
    }
}
