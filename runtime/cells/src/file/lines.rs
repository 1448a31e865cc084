//! Lines that are no part of a table, and whitespace as its delimiter. Line ends are kept.

use std::io::{self, BufRead};

use super::{filter::Filter, records::is_line_end, Quotes};

/// Empties the first lines of a text.
pub(super) struct Emptied {
    lines: usize,
    /// Whether the last byte was a carriage return that ended a line.
    after_return: bool,
}

impl Emptied {
    pub(super) fn new(lines: usize) -> Emptied {
        Emptied { lines, after_return: false }
    }

    /// Reads the lines. Returns the number of their bytes, and of those that are left of them.
    pub(super) fn measure(mut self, text: &mut impl BufRead) -> io::Result<(u64, u64)> {
        let (mut bytes, mut left) = (0, Vec::new());
        while let Some(&byte) = text.fill_buf()?.first() {
            if self.lines == 0 && !(self.after_return && byte == b'\n') {
                break;
            }
            text.consume(1);
            bytes += 1;
            self.push(&[byte], &mut left);
        }
        Ok((bytes, left.len() as u64))
    }
}

impl Filter for Emptied {
    fn push(&mut self, bytes: &[u8], to: &mut Vec<u8>) {
        for (index, &byte) in bytes.iter().enumerate() {
            let ends_before = self.after_return && byte == b'\n';
            if self.lines == 0 && !ends_before {
                self.after_return = false;
                to.extend_from_slice(&bytes[index..]);
                return;
            }
            self.after_return = byte == b'\r';
            if is_line_end(byte) {
                to.push(byte);
                self.lines -= usize::from(!ends_before);
            }
        }
    }
}

/// Empties the lines that begin with a byte, except within quotes.
pub(super) struct Comments {
    comment: u8,
    delimiter: u8,
    /// Whether spaces and tabs are the delimiter, which may also precede a comment.
    are_aligned: bool,
    quotes: Quotes,
    at_line_start: bool,
    in_comment: bool,
}

impl Comments {
    pub(super) fn new(comment: u8, delimiter: u8) -> Comments {
        let quotes = Quotes::default();
        let (are_aligned, at_line_start, in_comment) = (false, true, false);
        Comments { comment, delimiter, are_aligned, quotes, at_line_start, in_comment }
    }

    /// For a table whose delimiter is whitespace.
    pub(super) fn of_aligned(comment: u8) -> Comments {
        Comments { are_aligned: true, ..Comments::new(comment, b'\t') }
    }
}

impl Filter for Comments {
    fn push(&mut self, bytes: &[u8], to: &mut Vec<u8>) {
        for &byte in bytes {
            self.in_comment |= self.at_line_start && byte == self.comment;
            if self.in_comment && !is_line_end(byte) {
                self.at_line_start = false;
                continue;
            }
            self.in_comment = false;
            let is_blank = self.are_aligned && (byte == b' ' || byte == b'\t');
            self.quotes.push(if is_blank { self.delimiter } else { byte }, self.delimiter);
            self.at_line_start = match is_blank {
                true => self.at_line_start,
                false => is_line_end(byte) && !self.quotes.are_open(),
            };
            to.push(byte);
        }
    }
}

/// Replaces each run of spaces and tabs outside of quotes by one tab, and removes it at the start
/// and end of a line.
pub(super) struct Whitespace {
    quotes: Quotes,
    at_line_start: bool,
    /// Whether the last byte was a space or tab.
    after_blank: bool,
}

impl Whitespace {
    pub(super) fn new() -> Whitespace {
        Whitespace { quotes: Quotes::default(), at_line_start: true, after_blank: false }
    }
}

impl Filter for Whitespace {
    fn push(&mut self, bytes: &[u8], to: &mut Vec<u8>) {
        for &byte in bytes {
            if !self.quotes.are_open() && (byte == b' ' || byte == b'\t') {
                self.after_blank = true;
                continue;
            }
            if std::mem::take(&mut self.after_blank) && !self.at_line_start && !is_line_end(byte) {
                self.quotes.push(b'\t', b'\t');
                to.push(b'\t');
            }
            self.quotes.push(byte, b'\t');
            self.at_line_start = is_line_end(byte) && !self.quotes.are_open();
            to.push(byte);
        }
    }
}

/// The delimiter that a first line such as `sep=;` declares, as Excel writes it, and the number of
/// lines up to and including that one.
pub(super) fn declared_delimiter(start: &[u8]) -> Option<(u8, usize)> {
    let begin = start.iter().position(|byte| !is_line_end(*byte))?;
    let (above, rest) = start.split_at(begin);
    let line = rest.split(|byte| is_line_end(*byte)).next()?;
    let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    let is_declared = line.len() == 5 && line[..4].eq_ignore_ascii_case(b"sep=");
    // Lines above it end with LF, CRLF or CR.
    let returns = above.iter().filter(|byte| **byte == b'\r').count();
    let feeds = above.iter().filter(|byte| **byte == b'\n').count();
    let both = above.windows(2).filter(|pair| *pair == b"\r\n").count();
    is_declared.then(|| (line[4], returns + feeds - both + 1))
}
