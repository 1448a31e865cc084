//! The rows of a table of texts, divided into cells with little work for each byte.

use super::SampleError;
use crate::file::{records, Quotes};

/// The cells of a table. They are read from the text when they are looked at, because most are
/// looked at once: the compiler that waits for a sample has this code without optimisation.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) text: String,
    /// The texts of quoted cells, which differ from what is written.
    pub(super) unquoted: String,
    /// Start and end of each cell, row-major: in `text`, or after its length in `unquoted`.
    pub(super) bounds: Vec<(usize, usize)>,
}

/// The text of a cell: in `text`, or after its length in `unquoted`.
pub(super) fn cell_text<'a>(
    text: &'a str,
    unquoted: &'a str,
    (start, end): (usize, usize),
) -> &'a str {
    if start < text.len() {
        return text.get(start..end).unwrap_or_default();
    }
    unquoted.get(start - text.len()..end - text.len()).unwrap_or_default()
}

/// Reads the rows of a text.
pub(super) struct RowReader<'a> {
    pub(super) text: &'a str,
    pub(super) delimiter: u8,
    pub(super) comment: Option<u8>,
    /// Where the next record begins.
    pub(super) position: usize,
    /// Its line, from 1.
    pub(super) line: u64,
    /// Whether the text is only the beginning of the file.
    pub(super) is_cut: bool,
}

impl RowReader<'_> {
    /// Appends the cells of the next row, and returns its line.
    pub(super) fn next(&mut self, to: &mut Table) -> Result<Option<u64>, SampleError> {
        loop {
            let start = self.position;
            if start >= self.text.len() {
                return Ok(None);
            }
            let bytes = self.text.as_bytes();
            let cells = to.bounds.len();
            if Some(bytes[start]) == self.comment {
                let end =
                    self.text[start..].find('\n').map_or(bytes.len(), |length| start + length);
                (self.position, self.line) = (end + 1, self.line + 1);
                continue;
            }
            let (mut cell, mut end) = (start, start);
            // A loop over indices, because iterators are slow without optimisation.
            while end < bytes.len() && bytes[end] != b'\n' {
                if bytes[end] == self.delimiter {
                    to.bounds.push((cell, end));
                    cell = end + 1;
                } else if bytes[end] == b'"' {
                    to.bounds.truncate(cells);
                    return self.quoted(to);
                }
                end += 1;
            }
            (self.position, self.line) = (end + 1, self.line + 1);
            let end = if end > start && bytes[end - 1] == b'\r' { end - 1 } else { end };
            if end == start {
                to.bounds.truncate(cells);
                continue;
            }
            to.bounds.push((cell.min(end), end));
            return Ok(Some(self.line - 1));
        }
    }

    /// Appends the cells of a row with quotes, which may go over several lines.
    fn quoted(&mut self, to: &mut Table) -> Result<Option<u64>, SampleError> {
        let (line, bytes) = (self.line, &self.text.as_bytes()[self.position..]);
        let mut quotes = Quotes::default();
        let mut end = bytes.len();
        for (index, byte) in bytes.iter().enumerate() {
            quotes.push(*byte, self.delimiter);
            if *byte == b'\n' && !quotes.are_open() {
                end = index + 1;
                break;
            }
        }
        if quotes.are_open() && self.is_cut {
            return Ok(None);
        }
        let open = || {
            let message = "expected a quote that ends the cell, found the end of the file";
            SampleError::Line(line, message.to_owned())
        };
        let mut rows = records(&bytes[..end], self.delimiter, self.comment, true);
        for cell in rows.next().ok_or_else(open)?.cells {
            let start = self.text.len() + to.unquoted.len();
            to.unquoted.push_str(&cell);
            to.bounds.push((start, start + cell.len()));
        }
        self.position += end;
        self.line += bytes[..end].iter().filter(|byte| **byte == b'\n').count() as u64;
        Ok(Some(line))
    }
}
