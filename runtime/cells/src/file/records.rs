//! The rows of a short text, divided into cells as the `csv` crate divides them.

use std::borrow::Cow;

/// Follows the quotes of a table of texts. Within quotes a quote is doubled. Outside, a quote that
/// does not begin a cell is literal.
#[derive(Clone, Copy, Debug)]
pub struct Quotes {
    open: bool,
    /// Whether a quote would open a quoted part.
    at_start: bool,
}

impl Default for Quotes {
    fn default() -> Quotes {
        Quotes { open: false, at_start: true }
    }
}

impl Quotes {
    /// Reads the next byte.
    #[inline]
    pub fn push(&mut self, byte: u8, delimiter: u8) {
        match byte {
            b'"' if self.open || self.at_start => {
                (self.open, self.at_start) = (!self.open, self.open);
            }
            _ if self.open => {}
            _ => self.at_start = byte == delimiter || is_line_end(byte),
        }
    }

    /// Whether the text read so far ends within quotes.
    pub fn are_open(&self) -> bool {
        self.open
    }
}

pub(super) fn is_line_end(byte: u8) -> bool {
    byte == b'\n' || byte == b'\r'
}

/// A row of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its line number, from 1.
    pub line: usize,
    /// Its cells, without white space around them.
    pub cells: Vec<Cow<'a, str>>,
}

/// The rows of a text, without lines that are blank or begin with `comment`. Where the text is only
/// the beginning of a file, the last row is left out, because it may be longer.
pub fn records(
    text: &[u8],
    delimiter: u8,
    comment: Option<u8>,
    is_whole: bool,
) -> impl Iterator<Item = Record<'_>> {
    let (mut at, mut line) = (0, 1);
    std::iter::from_fn(move || loop {
        let (start, start_line) = (at, line);
        let first = *text.get(start)?;
        let is_comment = Some(first) == comment;
        let (mut quotes, mut cells, mut cell) = (Quotes::default(), Vec::new(), start);
        let mut is_complete = false;
        while let Some(&byte) = text.get(at) {
            at += 1;
            let ends_line = is_line_end(byte);
            if ends_line && !(byte == b'\r' && text.get(at) == Some(&b'\n')) {
                line += 1;
            }
            if !is_comment {
                quotes.push(byte, delimiter);
                if byte == delimiter && !quotes.are_open() {
                    cells.push(content(&text[cell..at - 1]));
                    cell = at;
                }
            }
            if ends_line && !quotes.are_open() {
                cells.push(content(&text[cell..at - 1]));
                is_complete = true;
                break;
            }
        }
        if !is_complete {
            if !is_whole || quotes.are_open() {
                return None;
            }
            cells.push(content(&text[cell..]));
        }
        if !is_comment && !is_line_end(first) {
            return Some(Record { line: start_line, cells });
        }
    })
}

/// The text of a cell.
fn content(cell: &[u8]) -> Cow<'_, str> {
    if !cell.starts_with(b"\"") {
        return match String::from_utf8_lossy(cell) {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
        };
    }
    let (mut quoted, mut text) = (true, Vec::with_capacity(cell.len()));
    let mut bytes = cell[1..].iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' if quoted && bytes.next_if_eq(&b'"').is_some() => text.push(byte),
            b'"' if quoted => quoted = false,
            _ => text.push(byte),
        }
    }
    Cow::Owned(String::from_utf8_lossy(&text).trim().to_owned())
}
