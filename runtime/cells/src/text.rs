//! Texts.

use std::borrow::Cow;

use crate::{format::Content, Cell, CellFormat, Read};

/// Reads a text. Whole numbers are accepted, because ids are often numbers. A missing text is empty
/// where `takes_missing` allows it.
///
/// # Errors
/// What was expected instead of the cell: `expected`, which describes the text.
pub fn text<'a>(
    cell: &'a Cell<'_>,
    format: &CellFormat<'_>,
    takes_missing: bool,
    expected: &str,
) -> Read<Cow<'a, str>> {
    match cell {
        _ if format.is_missing(cell, Content::Text) => match takes_missing {
            true => Ok(Cow::Borrowed("")),
            false => Err(expected.to_owned()),
        },
        Cell::Text(text) => Ok(Cow::Borrowed(text)),
        Cell::Integer(_) | Cell::Float(_) | Cell::Bool(_) => match cell.whole() {
            Some(whole) => Ok(Cow::Owned(whole.to_string())),
            None => Err(format!("{expected} or a whole number")),
        },
        _ => Err(expected.to_owned()),
    }
}
