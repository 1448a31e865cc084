//! The names of a value in a file: `#[serde(rename = "...", alias = "...")]`.
//!
//! The row structs get a generated `Deserialize`, which supports column groups and blank cells. It
//! honours these, `default`, `with` and `deserialize_with`; for others the user derives `Deserialize`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{Attribute, ExprPath, LitStr, Path, Token};

use crate::diagnostics::Diagnostics;

/// The names that serde's attributes give a field.
#[derive(Clone, Default)]
pub(crate) struct Columns {
    pub(crate) rename: Option<LitStr>,
    pub(crate) aliases: Vec<LitStr>,
    /// The value of a field whose columns are missing: `default`.
    pub(crate) default: Option<DefaultValue>,
    /// The function that reads the cell: `deserialize_with`, or of a module given by `with`.
    pub(crate) read_with: Option<ExprPath>,
    /// The names of all options.
    pub(crate) options: Vec<String>,
}

/// serde's `default` of a field.
#[derive(Clone)]
pub(crate) enum DefaultValue {
    /// That of the trait `Default`.
    OfTrait,
    /// The value of a function.
    Path(ExprPath),
}

impl DefaultValue {
    /// The path of the function that gives the value, of type `ty`.
    pub(crate) fn function(&self, ty: &TokenStream) -> TokenStream {
        match self {
            DefaultValue::OfTrait => quote!(<#ty as ::core::default::Default>::default),
            DefaultValue::Path(path) => quote!(#path),
        }
    }
}

/// The serde derives that the user requests.
#[derive(Clone, Copy, Default)]
pub(crate) struct Derives {
    pub(crate) serialize: bool,
    pub(crate) deserialize: bool,
}

/// Finds serde's derives among the struct's attributes.
pub(super) fn derives(attributes: &[Attribute]) -> Derives {
    let mut found = Derives::default();
    for attribute in attributes.iter().filter(|a| a.path().is_ident("derive")) {
        // rustc reports an unreadable derive.
        let _ = attribute.parse_nested_meta(|meta| {
            let last = |path: &Path| path.segments.last().map(|s| s.ident.to_string());
            match last(&meta.path).as_deref() {
                Some("Serialize") => found.serialize = true,
                Some("Deserialize") => found.deserialize = true,
                _ => {}
            }
            Ok(())
        });
    }
    found
}

/// Reads the `#[serde(...)]` of a field for the generated `Deserialize`.
pub(super) fn read(
    attributes: &[Attribute],
    derives: Derives,
    errors: &mut Diagnostics,
) -> Columns {
    let mut columns = Columns::default();
    for attribute in attributes.iter().filter(|a| a.path().is_ident("serde")) {
        let result = attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("rename") {
                columns.rename = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("alias") {
                columns.aliases.push(meta.value()?.parse()?);
            } else if meta.path.is_ident("default") {
                columns.default = Some(match meta.input.peek(Token![=]) {
                    true => DefaultValue::Path(meta.value()?.parse::<LitStr>()?.parse()?),
                    false => DefaultValue::OfTrait,
                });
            } else if meta.path.is_ident("deserialize_with") {
                columns.read_with = Some(meta.value()?.parse::<LitStr>()?.parse()?);
            } else if meta.path.is_ident("with") {
                let mut function: ExprPath = meta.value()?.parse::<LitStr>()?.parse()?;
                let name = Ident::new("deserialize", Span::call_site());
                function.path.segments.push(name.into());
                columns.read_with = Some(function);
            } else if derives.serialize && !is_for_deserialize(&meta.path) {
                // For the user's `Serialize`: its value is skipped.
                if meta.input.peek(syn::Token![=]) {
                    meta.value()?.parse::<syn::Expr>()?;
                }
            } else {
                return Err(meta.error(
                    "the generated Deserialize knows `rename`, `alias`, `default`, `with` and \
                     `deserialize_with`; for more, derive serde's `Deserialize` on the struct",
                ));
            }
            Ok(())
        });
        errors.ok(result);
    }
    columns
}

/// Reports options of the struct's `#[serde(...)]` about deserializing, which only a derived
/// `Deserialize` would follow.
pub(super) fn check_struct(attributes: &[Attribute], derives: Derives, errors: &mut Diagnostics) {
    if derives.deserialize {
        return;
    }
    for attribute in attributes.iter().filter(|a| a.path().is_ident("serde")) {
        let result = attribute.parse_nested_meta(|meta| {
            if is_for_deserialize(&meta.path) {
                return Err(meta.error(
                    "the generated Deserialize does not follow this; derive serde's \
                     `Deserialize` on the struct",
                ));
            }
            if meta.input.peek(syn::Token![=]) {
                meta.value()?.parse::<syn::Expr>()?;
            }
            Ok(())
        });
        errors.ok(result);
    }
}

/// Whether an option affects deserializing.
fn is_for_deserialize(option: &Path) -> bool {
    const READING: [&str; 14] = [
        "borrow",
        "default",
        "deny_unknown_fields",
        "deserialize_with",
        "flatten",
        "from",
        "rename_all",
        "rename_all_fields",
        "skip",
        "skip_deserializing",
        "tag",
        "transparent",
        "try_from",
        "with",
    ];
    READING.iter().any(|name| option.is_ident(name))
}
