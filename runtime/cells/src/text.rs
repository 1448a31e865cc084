//! Texts.

use std::borrow::Cow;

use crate::{format::Content, Cell, CellFormat, Read};

/// The pieces of a text between separators, trimmed. A separator of white space is any white space,
/// because files align columns with it, and gives no empty pieces.
pub fn pieces<'a>(text: &'a str, separator: &'a str) -> impl Iterator<Item = &'a str> {
    let at_spaces = separator.trim().is_empty();
    let by_spaces = text.split_whitespace().filter(move |_| at_spaces);
    let parts = text.split(separator).filter(move |_| !at_spaces);
    by_spaces.chain(parts.map(str::trim))
}

/// The elements of a list in a text. Those of numbers may stand in brackets, as pandas and NumPy write
/// lists. Blank elements are left out, unless they are kept as missing numbers.
pub fn split<'a>(text: &'a str, separator: &'a str, is_text: bool, keeps_blanks: bool) -> Cell<'a> {
    let bracketed = text.trim().strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let text = bracketed.filter(|_| !is_text).unwrap_or(text);
    let cells = pieces(text, separator).map(Cell::of_text);
    Cell::List(cells.filter(|cell| keeps_blanks || *cell != Cell::Blank).collect())
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_trimmed() {
        let all = |text, separator| pieces(text, separator).collect::<Vec<_>>();
        assert_eq!(all("Action| Comedy||Sci-Fi ", "|"), ["Action", "Comedy", "", "Sci-Fi"]);
        assert_eq!(all(" 3  1\t4 ", " "), ["3", "1", "4"]);
        assert_eq!(all("a, b and c", ", "), ["a", "b and c"]);
        assert_eq!(all("", "|"), [""]);
        assert_eq!(all("", " "), Vec::<&str>::new());
    }
}
