//! Detection of a first line that does not name columns.

use csv::StringRecord;

/// Delimiters, and the call that reads a file with each.
const DELIMITERS: [(char, &str); 4] = [
    (',', "`Csv::new`"),
    (';', "`Csv::new(..).delimiter(b';')`"),
    ('\t', "`Csv::tabs`"),
    ('|', "`Csv::new(..).delimiter(b'|')`"),
];

const EXPECTED: &str = "expected a line of column names";

/// The problem of a first line that names none of the expected columns; `None` if it may name
/// columns after all.
pub(super) fn problem(names: &StringRecord, delimiter: u8) -> Option<String> {
    let first = names.get(0).unwrap_or_default();
    if names.iter().any(|name| name.contains('\0')) {
        return Some(format!("{EXPECTED} in UTF-8, found text in UTF-16; write it as UTF-8"));
    }
    if first.starts_with('{') {
        return Some(format!("{EXPECTED}, found JSON; read it with `JsonLines`"));
    }
    let is_comment = first.starts_with("# ") || first.starts_with('#') && names.len() == 1;
    if is_comment || names.len() == 1 && other_delimiter(first, delimiter).is_some() {
        return Some(only_cell(names, delimiter));
    }
    None
}

/// The problem of a first line with one cell where rows have more.
pub(super) fn only_cell(names: &StringRecord, delimiter: u8) -> String {
    let cell = names.get(0).unwrap_or_default();
    let (first, delimiter_char) = (shortened(cell), char::from(delimiter));
    match other_delimiter(cell, delimiter) {
        _ if first.starts_with('#') => {
            format!("{EXPECTED}, found the remark `{first}`; take the line away")
        }
        Some((other, reader)) => format!(
            "{EXPECTED} with {} between them, found {}: `{first}`; {reader} reads such a file",
            named(delimiter_char),
            named(other)
        ),
        None => format!(
            "{EXPECTED}, found `{first}` alone, while the rows have more cells; take away what stands \
             above the names"
        ),
    }
}

/// A hint for a first line with numbers, where columns are missing.
pub(super) fn header_hint(names: &StringRecord, delimiter: u8) -> String {
    let is_number = |name: &str| name.parse::<f64>().is_ok();
    match names.iter().any(is_number) {
        false => String::new(),
        true => {
            let line = names.iter().collect::<Vec<_>>().join(&char::from(delimiter).to_string());
            format!("; the first line names the columns, is `{}` a row?", shortened(&line))
        }
    }
}

/// Shortens a line for a message.
fn shortened(line: &str) -> String {
    const MAX: usize = 60;
    match line.char_indices().nth(MAX) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line.to_owned(),
    }
}

/// The most frequent delimiter in a cell other than the file's.
fn other_delimiter(cell: &str, delimiter: u8) -> Option<(char, &'static str)> {
    let others = DELIMITERS.iter().filter(|(other, _)| *other != char::from(delimiter));
    let count = |other: char| cell.matches(other).count();
    let (most, found) =
        others.map(|found| (count(found.0), found)).max_by_key(|(most, _)| *most)?;
    (most > 0).then_some(*found)
}

fn named(delimiter: char) -> String {
    match delimiter {
        '\t' => "tabs".to_owned(),
        delimiter_char => format!("`{delimiter_char}`"),
    }
}
