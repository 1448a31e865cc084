//! The names of a value in a file: `#[serde(rename = "...", alias = "...")]`.
//!
//! The row structs get a generated `Deserialize`, which supports column groups and blank cells. It
//! honours these two serde attributes; for others the user derives `Deserialize`.

use syn::{Attribute, LitStr, Path};

use crate::diagnostics::Diagnostics;

/// The names that serde's attributes give a field.
#[derive(Default)]
pub(crate) struct Columns {
    pub(crate) rename: Option<LitStr>,
    pub(crate) aliases: Vec<LitStr>,
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
            } else if derives.serialize && !is_for_deserialize(&meta.path) {
                // For the user's `Serialize`: its value is skipped.
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
