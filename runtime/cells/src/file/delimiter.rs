//! Detection of the delimiter.

use super::records;

/// The delimiters that are detected, the most frequent one first.
pub const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Number of rows that are compared.
const MAX_ROWS: usize = 100;

/// The delimiters that a table may have, by its beginning `start`: those that divide the most of the
/// first rows into as many cells as the line of names, and at least into two. `names` is the number
/// of columns of a table without such a line. Where no delimiter divides the first line, there is
/// one column, and the comma is the delimiter.
///
/// One delimiter is certain; of several, the columns that the reader expects may exclude some.
pub fn delimiters(
    start: &[u8],
    comment: Option<u8>,
    names: Option<usize>,
    is_whole: bool,
) -> Vec<u8> {
    let rated = DELIMITERS.iter().filter_map(|&delimiter| {
        let mut rows = records(start, delimiter, comment, is_whole);
        let width = match names {
            Some(width) => width,
            None => rows.next()?.cells.len(),
        };
        let equal = rows.take(MAX_ROWS).filter(|row| row.cells.len() == width).count();
        (width > 1 && (names.is_none() || equal > 0)).then_some((equal, delimiter))
    });
    let rated: Vec<(usize, u8)> = rated.collect();
    let most = rated.iter().map(|(equal, _)| *equal).max();
    let best = rated.iter().filter(|(equal, _)| Some(*equal) == most);
    match rated.is_empty() {
        true => vec![DELIMITERS[0]],
        false => best.map(|(_, delimiter)| *delimiter).collect(),
    }
}
