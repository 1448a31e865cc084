//! A first line that does not name columns.

use std::collections::HashSet;

use super::{filter::Filter, lines::Whitespace, records, shortened, DELIMITERS};

/// Number of rows at the start of a table that are looked at.
const ROWS: usize = 20;

/// What the first line of a table is expected to be.
pub const HEADER_EXPECTED: &str = "expected a line of column names";

/// The method of `Csv` that reads a file with a delimiter.
fn reader(delimiter: u8) -> &'static str {
    match delimiter {
        b',' => "`Csv::new(..)` or `.delimiter(b',')`",
        b';' => "`Csv::new(..)` or `.delimiter(b';')`",
        b'\t' => "`Csv::tabs`",
        _ => "`Csv::new(..)` or `.delimiter(b'|')`",
    }
}

/// The problem of a first line that names none of the expected columns; `None` if it may name
/// columns after all. `start` is the beginning of the text.
pub fn problem(names: &[&str], delimiter: u8, start: &[u8]) -> Option<String> {
    let first = names.first().copied().unwrap_or_default();
    if names.iter().any(|name| name.contains('\0')) {
        return Some(format!(
            "{HEADER_EXPECTED} in UTF-8, found text in UTF-16; `.encoding(\"utf-16le\")` or \
             `.encoding(\"utf-16be\")` reads it"
        ));
    }
    if first.starts_with(['{', '[']) {
        return Some(format!("{HEADER_EXPECTED}, found JSON; read it with `JsonLines`"));
    }
    let is_comment = first.starts_with("# ") || first.starts_with('#') && names.len() == 1;
    let is_one_cell =
        names.len() == 1 && (other_delimiter(first, delimiter).is_some() || is_spaced(start));
    let is_no_header = is_comment || is_one_cell || preamble(names.len(), start).is_some();
    is_no_header.then(|| only_cell(names, delimiter, start))
}

/// The problem of a first line with fewer cells than the rows.
pub fn only_cell(names: &[&str], delimiter: u8, start: &[u8]) -> String {
    let cell = names.first().copied().unwrap_or_default();
    let (first, line) =
        (shortened(cell), shortened(&names.join(&char::from(delimiter).to_string())));
    if first.starts_with('#') {
        return format!(
            "{HEADER_EXPECTED}, found the remark `{first}`; `.comment(b'#')` leaves such lines out"
        );
    }
    if let Some(lines) = preamble(names.len(), start) {
        return format!(
            "{HEADER_EXPECTED}, found `{line}`, while the rows below have more cells; \
             `.skip_lines({lines})` leaves out what stands above the names"
        );
    }
    let more = "while the rows have more cells";
    match other_delimiter(cell, delimiter).filter(|_| names.len() == 1) {
        Some(other) => format!(
            "{HEADER_EXPECTED} with {} between them, found {}: `{first}`; {} reads such a file",
            named(delimiter),
            named(other),
            reader(other)
        ),
        None if is_spaced(start) => format!(
            "{HEADER_EXPECTED} with {} between them, found spaces: `{first}`; `.whitespace()` reads \
             such a file",
            named(delimiter),
        ),
        None => format!(
            "{HEADER_EXPECTED}, found `{first}` alone, {more}; `.skip_lines(..)` leaves out what \
             stands above the names"
        ),
    }
}

/// The number of lines above a table, where the first line has fewer cells than the rows: the lines
/// above the first one that has as many cells as the last ones, and that may be a line of names.
/// `None` where there is no such line.
pub fn preamble(first_width: usize, start: &[u8]) -> Option<usize> {
    DELIMITERS.iter().find_map(|&delimiter| {
        let rows: Vec<_> = records(start, delimiter, None, true).take(ROWS).collect();
        let width = rows.last()?.cells.len();
        let names = &rows[rows.iter().rposition(|row| row.cells.len() != width)? + 1..];
        let are_names = !names.first()?.cells.iter().any(|cell| cell.parse::<f64>().is_ok());
        let is_full = names.iter().any(|row| row.cells.last().is_some_and(|cell| !cell.is_empty()));
        let is_table = width > 1 && width > first_width && names.len() >= 2 && are_names && is_full;
        (is_table && rows.first()?.cells.len() <= first_width).then(|| names[0].line - 1)
    })
}

/// Whether the rows have one cell more than the first line, as R writes row names.
pub fn lacks_a_name(first_width: usize, delimiter: u8, start: &[u8]) -> bool {
    let rows = records(start, delimiter, None, true).skip(1).take(ROWS);
    let widths: Vec<usize> = rows.map(|row| row.cells.len()).collect();
    // One row may as well have a delimiter in a text.
    widths.len() > 1 && widths.iter().all(|width| *width == first_width + 1)
}

/// A hint for a first line with numbers, where columns are missing.
pub fn header_hint(names: &[&str], delimiter: u8) -> String {
    let is_number = |name: &&str| name.parse::<f64>().is_ok();
    match names.iter().any(is_number) {
        false => String::new(),
        true => {
            let line = shortened(&names.join(&char::from(delimiter).to_string()));
            format!(
                "; the first line names the columns, is `{line}` a row? `.names([..])` reads a file \
                 without names"
            )
        }
    }
}

/// The problem of a first line of numbers alone, which is a row: names may be whole numbers, but
/// then they differ.
pub fn only_numbers(names: &[&str], delimiter: u8) -> Option<String> {
    let are_numbers = names.iter().all(|name| name.parse::<f64>().is_ok());
    let are_names = names.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
        && names.iter().collect::<HashSet<_>>().len() == names.len();
    (are_numbers && !are_names && !names.is_empty()).then(|| {
        let line = shortened(&names.join(&char::from(delimiter).to_string()));
        format!(
            "{HEADER_EXPECTED}, found the row `{line}`; `.names([..])` reads a file without names"
        )
    })
}

/// Whether whitespace divides the first rows into equally many cells, at least two.
fn is_spaced(start: &[u8]) -> bool {
    const ROWS: usize = 3;
    let mut text = Vec::new();
    Whitespace::new().push(start, &mut text);
    let rows = records(&text, b'\t', None, true).take(ROWS);
    let widths: Vec<usize> = rows.map(|row| row.cells.len()).collect();
    matches!(widths[..], [first, second, ..] if first > 1 && first == second)
}

/// The most frequent delimiter in a cell other than the file's.
fn other_delimiter(cell: &str, delimiter: u8) -> Option<u8> {
    let others = DELIMITERS.iter().filter(|other| **other != delimiter);
    let count = |other: u8| cell.bytes().filter(|byte| *byte == other).count();
    let (most, found) = others.map(|&found| (count(found), found)).max_by_key(|(most, _)| *most)?;
    (most > 0).then_some(found)
}

fn named(delimiter: u8) -> String {
    match delimiter {
        b'\t' => "tabs".to_owned(),
        delimiter => format!("`{}`", char::from(delimiter)),
    }
}
