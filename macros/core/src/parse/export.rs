//! `export = onnx` and `export = onnx(encoded(review, title))`: the format in which every node of the
//! model has to be expressible, and the inputs that a file takes behind their preprocessing.

use multi_input_spec::names::{find, Named, EXPORT_FORMATS, EXPORT_OPTIONS};
use proc_macro2::{Ident, Span, TokenStream};
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
    /// Reads what follows the word `export`; `None` after reporting that the format is unclear.
    pub(super) fn read(word: &Ident, form: Form, errors: &mut Diagnostics) -> Option<Export> {
        let entry = Entry { name: word.clone(), form, mistake: None };
        let before = errors.guesses();
        let value = entry.value("export = onnx", errors)?;
        errors.unless_guessed(before, |errors| {
            let mut export = Export { encoded: Vec::new(), is_read: true };
            if let Some((options, at)) = format(value, errors)? {
                export.read_options(options, at, errors);
            }
            export.is_read &= errors.guesses() == before;
            Some(export)
        })
    }

    /// Reads the parentheses behind the format.
    fn read_options(&mut self, options: TokenStream, at: Span, errors: &mut Diagnostics) {
        let before = errors.guesses();
        if options.is_empty() {
            errors.at(at, format!("`onnx()` lists nothing; {ENCODED}"));
        }
        let mut known = None;
        for entry in attribute::listed(options, errors) {
            let entry = attribute::read_entry(entry, errors);
            let at = entry.as_ref().map(|entry| entry.name.span());
            let listed =
                entry.and_then(|entry| errors.guess_once(before, |errors| encoded(entry, errors)));
            self.is_read &= listed.as_ref().is_some_and(|listed| listed.is_read);
            if let (Some(listed), Some(at)) = (listed, at) {
                attribute::once(&mut known, (), "encoded", at, errors);
                self.encoded.extend(listed.names);
            }
        }
    }
}

/// Reads `onnx` or `onnx(...)`, and returns the tokens in its parentheses with the place of the word before
/// them; `None` after reporting that it is unclear which format is meant.
fn format(value: TokenStream, errors: &mut Diagnostics) -> Option<Option<(TokenStream, Span)>> {
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
    let text = &word.text;
    if !word.is_plain() && find(EXPORT_OPTIONS, text).is_some() {
        word.refuse(format!("`{text}` stands in parentheses; {ENCODED}"), errors);
        return None;
    }
    if !EXPORT_FORMATS.iter().any(|Named(name, _)| name == text) {
        let meaning = meaning::among(text, EXPORT_FORMATS);
        let hint = meaning.as_ref().map_or("; there is `onnx`", |meaning| &meaning.hint);
        word.refuse(format!("there is no export to `{text}`{hint}"), errors);
        return None;
    }
    if let Some(mistake) = word.mistake() {
        word.report(mistake, errors);
    }
    if rest.is_empty() {
        return Some(word.arguments.map(|options| (options, word.span)));
    }
    let found = compact(&rest);
    errors
        .at(rest.span(), format!("expected a comma or nothing behind the format; found `{found}`"));
    None
}

/// The path of a file in quotes.
fn file(value: &TokenStream) -> Option<LitStr> {
    let path: LitStr = syn::parse2(value.clone()).ok()?;
    path.value().contains(['.', '/']).then_some(path)
}

/// Reads `encoded(review, title)`; `None` after reporting that it is unclear what is meant.
fn encoded(entry: Entry, errors: &mut Diagnostics) -> Option<Listed> {
    let name = entry.name.clone();
    let text = name.to_string();
    let meaning = meaning::among(&text, EXPORT_OPTIONS);
    let meant = meaning.as_ref().and_then(|meaning| meaning.name);
    if let Some(mistake) = &entry.mistake {
        errors.guess(name.span(), mistake);
    } else if meant != Some(&text) {
        let hint = meaning.map_or_else(|| format!("; {ENCODED}"), |meaning| meaning.hint);
        let text = format!("`onnx` has no option `{text}`{hint}");
        // A word alone is probably the name of an input.
        let is_clear = meant.is_some() || matches!(entry.form, Form::Word);
        errors.guess_if(is_clear, name.span(), text);
    }
    let names = entry.renamed(meant?)?.call("encoded(title)", errors)?;
    if names.is_empty() {
        errors.at(name.span(), format!("`encoded` names no input; {ENCODED}"));
    }
    let listed = node_names::names(&name, names, "an input", errors);
    (!listed.names.is_empty()).then_some(listed)
}
