//! `export = onnx` and `export = onnx(encoded(review, title))`: the format in which every node of the
//! model has to be expressible, and the inputs that a file takes behind their preprocessing.

use multi_input_spec::names::{EXPORT_FORMATS, EXPORT_OPTIONS};
use proc_macro2::{Ident, TokenStream};
use syn::{spanned::Spanned, LitStr};

use super::{
    attribute::{self, Entry, Form},
    node_names::{self, Listed},
    word::Word,
};
use crate::{diagnostics::Diagnostics, meaning, text::compact};

/// The format in which a model has to be expressible.
#[derive(Clone)]
pub(crate) struct Export {
    /// The inputs and derived nodes whose values enter a file behind their preprocessing.
    pub(crate) encoded: Vec<Ident>,
    /// Whether all of it could be read.
    pub(crate) is_read: bool,
}

const ENCODED: &str =
    "`onnx(encoded(title))` names inputs that enter the file behind their preprocessing";

impl Export {
    /// Reads what follows the word `export`.
    pub(super) fn read(word: &Ident, form: Form, errors: &mut Diagnostics) -> Export {
        let entry = Entry { name: word.clone(), form, mistake: None };
        let before = errors.guesses();
        let value = entry.value("export = onnx", errors);
        let encoded = value.and_then(|value| {
            errors.unless_guessed(before, |errors| {
                let options = format(value, errors)?;
                options.map_or(Some(Vec::new()), |options| encoded(options, errors))
            })
        });
        let is_read = encoded.is_some() && errors.guesses() == before;
        Export { encoded: encoded.unwrap_or_default(), is_read }
    }
}

/// Reads `onnx` or `onnx(...)`, and returns the tokens in its parentheses; `None` after reporting a
/// mistake that leaves a doubt.
fn format(value: TokenStream, errors: &mut Diagnostics) -> Option<Option<TokenStream>> {
    if let Some(path) = file(&value) {
        let text = format!(
            "`export` names the format, `export = onnx`; `model.export_onnx({:?})` writes the file",
            path.value()
        );
        errors.at(path.span(), text);
        return None;
    }
    let Some((word, rest)) = Word::begins(&value) else {
        let found = compact(&value);
        errors.at(value.span(), format!("expected a format, `export = onnx`; found `{found}`"));
        return None;
    };
    if !rest.is_empty() {
        let found = compact(&rest);
        let text = format!("expected a comma or nothing behind the format; found `{found}`");
        errors.at(rest.span(), text);
        return None;
    }
    word.choose(EXPORT_FORMATS, |given| format!("there is no export to `{given}`"), errors)?;
    Some(word.arguments)
}

/// The path of a file in quotes.
fn file(value: &TokenStream) -> Option<LitStr> {
    let path: LitStr = syn::parse2(value.clone()).ok()?;
    path.value().contains(['.', '/']).then_some(path)
}

/// Reads the parentheses behind the format.
fn encoded(options: TokenStream, errors: &mut Diagnostics) -> Option<Vec<Ident>> {
    let before = errors.guesses();
    let mut named = None;
    let mut is_read = true;
    let entries = attribute::listed(options.clone(), errors);
    if entries.is_empty() {
        errors.at(options.span(), format!("`onnx()` lists nothing; {ENCODED}"));
    }
    for entry in entries {
        let Some(entry) = attribute::read_entry(entry, errors) else {
            is_read = false;
            continue;
        };
        let at = entry.name.span();
        let listed = errors.guess_once(before, |errors| option(entry, errors));
        match listed {
            Some(listed) => {
                is_read &= listed.is_read;
                attribute::once(&mut named, listed.names, "encoded", at, errors);
            }
            None => is_read = false,
        }
    }
    is_read.then(|| named.unwrap_or_default())
}

/// Reads `encoded(review, title)`.
fn option(entry: Entry, errors: &mut Diagnostics) -> Option<Listed> {
    let name = entry.name.clone();
    let text = name.to_string();
    let meaning = meaning::among(&text, EXPORT_OPTIONS);
    let meant = meaning.as_ref().and_then(|meaning| meaning.name);
    if let Some(mistake) = &entry.mistake {
        errors.guess(name.span(), mistake);
    } else if meant != Some(&text) {
        let hint =
            meaning.as_ref().map_or_else(|| format!("; {ENCODED}"), |meaning| meaning.hint.clone());
        errors.guess_if(
            meant.is_some(),
            name.span(),
            format!("`onnx` has no option `{text}`{hint}"),
        );
    }
    let entry = entry.renamed(meant?)?;
    let names = entry.call("encoded(title)", errors)?;
    if names.is_empty() {
        errors.at(name.span(), format!("`encoded` names no input; {ENCODED}"));
    }
    Some(node_names::names(&name, names, "an input", errors))
}
