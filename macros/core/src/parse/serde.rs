//! How a row's value is called in a file: `#[serde(rename = "...", alias = "...")]`.
//!
//! The rows get a generated `Deserialize`, which knows groups of columns and blank cells. It
//! honours these two of serde's attributes; a user who wants more derives `Deserialize`.

use syn::{Attribute, LitStr, Path};

use crate::diagnostics::Diagnostics;

/// The names that serde's attributes give a field.
#[derive(Default)]
pub(crate) struct Columns {
    pub(crate) rename: Option<LitStr>,
    pub(crate) aliases: Vec<LitStr>,
}

/// Which of serde's derives the user asks for.
#[derive(Clone, Copy, Default)]
pub(crate) struct Derives {
    pub(crate) serialize: bool,
    pub(crate) deserialize: bool,
}

/// Looks for serde's derives among the struct's attributes.
pub(super) fn derives(attributes: &[Attribute]) -> Derives {
    let mut found = Derives::default();
    for attribute in attributes.iter().filter(|a| a.path().is_ident("derive")) {
        // What cannot be parsed here, rustc reports when it sees the derive.
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
            } else if derives.serialize && !is_for_deserialize(&meta.path) {
                // For the user's Serialize; skip over whatever it says.
                if meta.input.peek(syn::Token![=]) {
                    meta.value()?.parse::<syn::Expr>()?;
                }
            } else {
                return Err(meta.error(
                    "the generated Deserialize knows `rename` and `alias`; for more, derive \
                     serde's `Deserialize` on the struct",
                ));
            }
            Ok(())
        });
        errors.ok(result);
    }
    columns
}

/// Reports what the struct's `#[serde(...)]` says of reading, which only a derived `Deserialize`
/// would follow.
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

/// Whether an option changes what is read, rather than only what is written.
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
