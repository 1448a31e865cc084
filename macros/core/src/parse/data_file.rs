//! `data = "data/houses.csv"`, or `data("data/houses.csv", require, rows = 1000)`: the file that the
//! model is compared with while it compiles.

use std::path::{Path, PathBuf};

use multi_input_cells::{file::Delimiter, Limits, SampleOptions};
use proc_macro2::{Ident, Span, TokenStream};
use syn::{ext::IdentExt, parse::ParseStream, punctuated::Punctuated, LitInt, LitStr, Token};

/// A data file of a model.
#[derive(Clone)]
pub(crate) struct DataFile {
    /// The path, from the folder of the crate's manifest.
    pub(crate) path: LitStr,
    /// Whether the file must be there.
    pub(crate) require: bool,
    pub(crate) options: SampleOptions,
    pub(crate) limits: Limits,
}

/// The forms that the option takes.
const FORMS: &str = "`data = \"data/houses.csv\"`, or `data(\"data/houses.csv\", require, \
                     rows = 10_000, delimiter = \";\", missing(\"NA\"), names(\"a\", \"b\"))`";

impl DataFile {
    /// Reads what follows the word `data`.
    pub(super) fn read(word: &Ident, input: ParseStream<'_>) -> syn::Result<DataFile> {
        if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            return Ok(DataFile::new(input.parse().map_err(|error| wrong(error.span()))?));
        }
        if !input.peek(syn::token::Paren) {
            return Err(wrong(word.span()));
        }
        let content;
        syn::parenthesized!(content in input);
        let mut file = DataFile::new(content.parse().map_err(|error| wrong(error.span()))?);
        while !content.is_empty() {
            content.parse::<Token![,]>()?;
            if !content.is_empty() {
                file.read_option(&content)?;
            }
        }
        Ok(file)
    }

    fn new(path: LitStr) -> DataFile {
        let (options, limits) = (SampleOptions::default(), Limits::default());
        DataFile { path, require: false, options, limits }
    }

    fn read_option(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        let name = input.call(Ident::parse_any)?;
        match name.to_string().as_str() {
            "require" => self.require = true,
            "rows" => self.limits.rows = number(input)?,
            "bytes" => self.limits.bytes = number(input)?,
            "milliseconds" => {
                self.limits.time = std::time::Duration::from_millis(number(input)? as u64);
            }
            "delimiter" => self.options.form.delimiter = Delimiter::Byte(delimiter(input)?),
            "whitespace" => self.options.form.delimiter = Delimiter::Whitespace,
            "skip_lines" => self.options.form.skip_lines = number(input)?,
            "comment" => self.options.form.comment = Some(delimiter(input)?),
            "encoding" => self.options.form.encoding = Some(text(input)?),
            "missing" => self.options.missing = texts(input)?,
            "names" => self.options.form.names = Some(texts(input)?),
            other => {
                let text = format!("`data` has no option `{other}`; it is written {FORMS}");
                return Err(syn::Error::new(name.span(), text));
            }
        }
        Ok(())
    }
}

fn wrong(span: Span) -> syn::Error {
    syn::Error::new(span, format!("expected the path of a file in quotes: {FORMS}"))
}

fn number(input: ParseStream<'_>) -> syn::Result<usize> {
    input.parse::<Token![=]>()?;
    let number: LitInt = input.parse()?;
    match number.base10_parse()? {
        0 => Err(syn::Error::new(number.span(), "a limit is at least 1")),
        number => Ok(number),
    }
}

fn text(input: ParseStream<'_>) -> syn::Result<String> {
    input.parse::<Token![=]>()?;
    Ok(input.parse::<LitStr>()?.value())
}

fn delimiter(input: ParseStream<'_>) -> syn::Result<u8> {
    input.parse::<Token![=]>()?;
    let text: LitStr = input.parse()?;
    match text.value().as_bytes() {
        [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() => Ok(*byte),
        _ => Err(syn::Error::new(text.span(), "a delimiter is one ASCII character: `\";\"`")),
    }
}

fn texts(input: ParseStream<'_>) -> syn::Result<Vec<String>> {
    let content;
    syn::parenthesized!(content in input);
    let texts = Punctuated::<LitStr, Token![,]>::parse_terminated(&content)?;
    Ok(texts.iter().map(LitStr::value).collect())
}

/// A path from the folder of the crate's manifest.
pub(crate) fn absolute(path: &str) -> PathBuf {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    Path::new(&folder).join(path)
}

/// An expression for cargo to recompile the crate when the file changes.
pub(crate) fn track(path: &LitStr) -> TokenStream {
    match Path::new(&path.value()).is_absolute() {
        true => quote::quote!(::core::include_bytes!(#path)),
        false => quote::quote! {
            ::core::include_bytes!(
                ::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/", #path)
            )
        },
    }
}
