//! The `tokenizer.json` of the step `tokenizer`. It is read at compile time, so that the macro
//! knows the number of ids, and it is embedded in the program.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{spanned::Spanned, Expr, ExprLit, Lit, LitStr};

/// A tokenizer file.
#[derive(Clone)]
pub(crate) struct TokenizerExpr {
    path: LitStr,
    /// The largest id plus one.
    pub(crate) vocabulary: usize,
    /// The padding id.
    pub(crate) padding: Option<u32>,
}

impl TokenizerExpr {
    /// Reads the file at `value`; a relative path starts at the folder of `Cargo.toml`.
    pub(crate) fn read(value: &Expr) -> syn::Result<TokenizerExpr> {
        let Expr::Lit(ExprLit { lit: Lit::Str(path), .. }) = value else {
            let text = "expected the path of a `tokenizer.json`, from the folder of `Cargo.toml`: \
                        `tokenizer(\"tokenizer.json\", length = 64)`";
            return Err(syn::Error::new(value.span(), text));
        };
        let Contents { vocabulary, padding } =
            contents(&path.value()).map_err(|wrong| syn::Error::new(path.span(), wrong))?;
        Ok(TokenizerExpr { path: path.clone(), vocabulary, padding })
    }

    /// An expression for the text of the file; cargo recompiles the crate when the file changes.
    pub(crate) fn text(&self) -> TokenStream {
        let path = &self.path;
        match std::path::Path::new(&path.value()).is_absolute() {
            true => quote!(::core::include_str!(#path)),
            false => quote! {
                ::core::include_str!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/", #path))
            },
        }
    }
}

/// The data that the macro reads from a file.
#[cfg_attr(not(feature = "tokenizers"), allow(dead_code))]
struct Contents {
    vocabulary: usize,
    padding: Option<u32>,
}

#[cfg(not(feature = "tokenizers"))]
fn contents(_: &str) -> Result<Contents, String> {
    Err("`tokenizer` needs the feature `tokenizers` of multi-input".to_owned())
}

#[cfg(feature = "tokenizers")]
fn contents(path: &str) -> Result<Contents, String> {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    let text = std::fs::read_to_string(std::path::Path::new(&folder).join(path))
        .map_err(|error| format!("`{path}` cannot be read: {error}"))?;
    of_json(&text).map_err(|wrong| format!("`{path}` is no `tokenizer.json`: {wrong}"))
}

/// The usual names of a padding token, for files without padding settings.
#[cfg(feature = "tokenizers")]
const PADDING: [&str; 2] = ["[PAD]", "<pad>"];

#[cfg(feature = "tokenizers")]
fn of_json(text: &str) -> Result<Contents, String> {
    let file: serde_json::Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let tokens = tokens(&file).ok_or("it has no `model` with a `vocab`")?;
    let largest = tokens.iter().map(|(_, id)| *id).max().ok_or("its `vocab` is empty")?;
    let given = file["padding"]["pad_id"].as_u64();
    let of = |name: &str| tokens.iter().find(|(token, _)| *token == name).map(|(_, id)| *id);
    let padding = given.or_else(|| PADDING.into_iter().find_map(of));
    Ok(Contents {
        vocabulary: usize::try_from(largest).map_err(|error| error.to_string())? + 1,
        padding: padding.and_then(|id| u32::try_from(id).ok()),
    })
}

/// Every token with its id: an object, or a list for a Unigram model, followed by added tokens.
#[cfg(feature = "tokenizers")]
fn tokens(file: &serde_json::Value) -> Option<Vec<(&str, u64)>> {
    use serde_json::Value;
    let mut tokens: Vec<(&str, u64)> = match &file["model"]["vocab"] {
        Value::Object(ids) => ids
            .iter()
            .map(|(token, id)| Some((token.as_str(), id.as_u64()?)))
            .collect::<Option<_>>()?,
        Value::Array(scored) => {
            let scored = scored.iter().enumerate();
            scored
                .map(|(id, entry)| Some((entry[0].as_str()?, id as u64)))
                .collect::<Option<_>>()?
        }
        _ => return None,
    };
    for added in file["added_tokens"].as_array().into_iter().flatten() {
        tokens.push((added["content"].as_str()?, added["id"].as_u64()?));
    }
    Some(tokens)
}

#[cfg(all(test, feature = "tokenizers"))]
mod tests {
    use super::*;
    use syn::parse_quote;

    fn of(text: &str) -> Result<(usize, Option<u32>), String> {
        of_json(text).map(|contents| (contents.vocabulary, contents.padding))
    }

    #[test]
    fn ids_are_counted_whatever_the_model() {
        let words = r#"{"model": {"vocab": {"a": 3, "<pad>": 1}}}"#;
        assert_eq!(of(words), Ok((4, Some(1))));
        let scored = r#"{"model": {"vocab": [["a", -1.5], ["b", -2]]},
                         "added_tokens": [{"id": 2, "content": "[PAD]"}]}"#;
        assert_eq!(of(scored), Ok((3, Some(2))));
        let said = r#"{"padding": {"pad_id": 5}, "model": {"vocab": {"a": 9, "[PAD]": 0}}}"#;
        assert_eq!(of(said), Ok((10, Some(5))));
        assert_eq!(of(r#"{"padding": null, "model": {"vocab": {"a": 0}}}"#), Ok((1, None)));
    }

    /// The errors of a model whose text is read by a tokenizer of 300 ids with padding id 1.
    fn errors(branch: TokenStream, step: TokenStream) -> String {
        let item = quote! {
            struct Post {
                #[input(tokenizer("../../tests/fixtures/tokenizer_bpe.json", #step))]
                #[branch(#branch, Flatten)]
                text: String,
                #[from(text)]
                #[branch(Dense(1))]
                #[output(loss = mse)]
                number: f32,
            }
        };
        let tokens = crate::expand_model(TokenStream::new(), item).to_string();
        tokens.split("compile_error").skip(1).collect()
    }

    #[test]
    fn the_vocabulary_is_known_while_compiling() {
        assert_eq!(errors(quote!(Embedding(300, 4)), quote!(8)), "");
        let small = errors(quote!(Embedding(299, 4)), quote!(8));
        assert!(small.contains("has vectors for 299 categories"), "{small}");
        assert!(small.contains("categories below 300"), "{small}");
        let pad = errors(quote!(Embedding(auto)), quote!(8, pad = 300));
        assert!(pad.contains("a whole number below 300"), "{pad}");
    }

    #[test]
    fn a_mask_is_of_what_pads() {
        let masked = errors(quote!(Embedding(auto, mask), DropMask), quote!(8));
        assert!(masked.contains("but this tokenizer pads with 1; leave `mask` out"), "{masked}");
        assert_eq!(errors(quote!(Embedding(auto, mask), DropMask), quote!(8, pad = 0)), "");
    }

    #[test]
    fn what_is_no_tokenizer_is_said() {
        assert_eq!(of(r#"{"model": {}}"#).unwrap_err(), "it has no `model` with a `vocab`");
        assert_eq!(of(r#"{"model": {"vocab": {}}}"#).unwrap_err(), "its `vocab` is empty");
        assert!(of("[").unwrap_err().contains("EOF"));
        let error = |value: Expr| TokenizerExpr::read(&value).err().unwrap().to_string();
        assert!(error(parse_quote!(64)).starts_with("expected the path of a `tokenizer.json`"));
        let missing = error(parse_quote!("nowhere.json"));
        assert!(missing.starts_with("`nowhere.json` cannot be read: No such file"), "{missing}");
    }
}
