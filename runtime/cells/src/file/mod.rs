//! How a text file is written: its compression, encoding, delimiter and header.
//!
//! [`open_text`] reads the beginning of a file, decompresses and decodes it, and gives UTF-8.
//! [`open_table`] also leaves out what is no part of the table. Lines are never removed, only
//! emptied, so that line numbers in the text are line numbers in the file.

mod compression;
mod delimiter;
mod encoding;
mod filter;
mod formats;
mod header;
mod lines;
mod records;

use std::{
    io::{self, BufReader, Cursor, Read},
    path::Path,
};

pub use self::{
    delimiter::{delimiters, DELIMITERS},
    formats::{describe_format, with_actual_format},
    header::{
        header_hint, lacks_a_name, only_cell, only_numbers, preamble, problem, HEADER_EXPECTED,
    },
    records::{records, Quotes, Record},
};
use self::{
    filter::Filtered,
    formats::HEADER_LENGTH,
    lines::{Comments, Emptied, Whitespace},
};

/// How a table of texts is written, as far as it is declared. What is not declared is detected where
/// the file says it: compression, a byte order mark, and the delimiter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableForm {
    /// The delimiter of cells.
    pub delimiter: Delimiter,
    /// The names of the columns, where the file has no line of them.
    pub names: Option<Vec<String>>,
    /// Number of lines above the table.
    pub skip_lines: usize,
    /// The first byte of lines that are no rows.
    pub comment: Option<u8>,
    /// The label of the encoding; UTF-8 by default.
    pub encoding: Option<String>,
}

/// What separates the cells of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delimiter {
    /// The delimiter that divides the first rows into equally many cells: see [`delimiters`].
    #[default]
    Detected,
    /// A byte.
    Byte(u8),
    /// Runs of spaces and tabs.
    Whitespace,
}

/// The reason why a file cannot be read as text.
#[derive(Debug)]
pub enum Unreadable {
    /// An error of the operating system, or of a decompressor.
    Io(io::Error),
    /// The file is of another kind: the found format, and advice.
    Refused(String),
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Unreadable {
        Unreadable::Io(error)
    }
}

/// The text of a table in UTF-8.
pub struct TableText {
    /// The text.
    pub text: Box<dyn Read>,
    /// The delimiter, where the form or a line `sep=;` declares it. Where it is still to be detected,
    /// the text has comments: see [`without_comments`].
    pub delimiter: Option<u8>,
}

/// Opens a text file: the reader gives UTF-8 without a byte order mark. Bytes that are malformed in
/// the file's encoding become the byte 0xFF, so that a reader of UTF-8 reports them where they are.
///
/// # Errors
/// If the beginning cannot be read, or is that of a file of another kind.
pub fn open_text(
    file: impl Read + 'static,
    encoding: Option<&str>,
) -> Result<Box<dyn Read>, Unreadable> {
    let declared = encoding.map(encoding::of_label).transpose().map_err(Unreadable::Refused)?;
    let (start, file) = peek(file)?;
    let (start, file) = match compression::decompressed(&start, file)? {
        Ok(decompressed) => peek(decompressed)?,
        Err(file) => (start, file),
    };
    if let Some(found) = describe_format(&start) {
        return Err(Unreadable::Refused(found));
    }
    Ok(encoding::decoded(&start, file, declared)?)
}

/// As [`open_text`], for a table: lines above it and comments are emptied, a line `sep=;` is read and
/// emptied, and where whitespace is the delimiter, each run of it is one tab.
///
/// # Errors
/// As [`open_text`].
pub fn open_table(file: impl Read + 'static, form: &TableForm) -> Result<TableText, Unreadable> {
    let LinesAbove { mut text, count, delimiter: declared } = lines_above(file, form)?;
    if count > form.skip_lines {
        text = Box::new(Filtered::new(text, Emptied::new(count)));
    }
    let delimiter = match form.delimiter {
        Delimiter::Detected => declared,
        Delimiter::Byte(delimiter) => Some(delimiter),
        Delimiter::Whitespace => {
            if let Some(comment) = form.comment {
                text = Box::new(Filtered::new(text, Comments::of_aligned(comment)));
            }
            text = Box::new(Filtered::new(text, Whitespace::new()));
            return Ok(TableText { text, delimiter: Some(b'\t') });
        }
    };
    if let (Some(delimiter), Some(comment)) = (delimiter, form.comment) {
        text = without_comments(text, comment, delimiter);
    }
    Ok(TableText { text, delimiter })
}

/// The lines above a table.
struct LinesAbove {
    /// The text of the file, in which those lines are empty that the form says to skip.
    text: Box<dyn Read>,
    /// The number of lines, with a line `sep=;`.
    count: usize,
    /// The delimiter that such a line declares.
    delimiter: Option<u8>,
}

fn lines_above(file: impl Read + 'static, form: &TableForm) -> Result<LinesAbove, Unreadable> {
    let mut text = open_text(file, form.encoding.as_deref())?;
    if form.skip_lines > 0 {
        text = Box::new(Filtered::new(text, Emptied::new(form.skip_lines)));
    }
    let (start, text) = peek(text)?;
    let (delimiter, count) = match lines::declared_delimiter(&start) {
        Some((delimiter, count)) => (Some(delimiter), count),
        None => (None, form.skip_lines),
    };
    Ok(LinesAbove { text, count, delimiter })
}

/// Where a text begins in a file whose bytes it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextStart {
    /// The byte of the file.
    pub byte: u64,
    /// How many of the bytes before it are not in the text.
    pub removed: u64,
}

/// Where the text of [`open_text`] begins; `None` for a file that is compressed or not in UTF-8, whose
/// text has other bytes.
///
/// # Errors
/// If the beginning cannot be read.
pub fn text_start(
    file: impl Read + 'static,
    encoding: Option<&str>,
) -> Result<Option<TextStart>, Unreadable> {
    let declared = encoding.map(encoding::of_label).transpose().map_err(Unreadable::Refused)?;
    let (start, _) = peek(file)?;
    if compression::is_compressed(&start) {
        return Ok(None);
    }
    let mark = encoding::mark_of_utf8(&start, declared).map(|length| length as u64);
    Ok(mark.map(|mark| TextStart { byte: mark, removed: mark }))
}

/// As [`text_start`], for the text of [`open_table`] below the lines above the table. From there on it
/// has the bytes of the file but for comments; `None` also where whitespace is the delimiter. `open`
/// opens the file from its start.
///
/// # Errors
/// As [`open_table`].
pub fn table_start<R: Read + 'static>(
    open: impl Fn() -> io::Result<R>,
    form: &TableForm,
) -> Result<Option<TextStart>, Unreadable> {
    let start = text_start(open()?, form.encoding.as_deref())?;
    let Some(start) = start.filter(|_| form.delimiter != Delimiter::Whitespace) else {
        return Ok(None);
    };
    let lines = lines_above(open()?, form)?.count;
    let mut text = BufReader::new(open()?);
    io::copy(&mut text.by_ref().take(start.byte), &mut io::sink())?;
    let (bytes, left) = Emptied::new(lines).measure(&mut text)?;
    Ok(Some(TextStart { byte: start.byte + bytes, removed: start.removed + bytes - left }))
}

/// Empties the lines that begin with `comment`.
pub fn without_comments(text: impl Read + 'static, comment: u8, delimiter: u8) -> Box<dyn Read> {
    Box::new(Filtered::new(Box::new(text), Comments::new(comment, delimiter)))
}

/// The first bytes of a file, and all of its bytes.
fn peek(mut file: impl Read + 'static) -> io::Result<(Vec<u8>, Box<dyn Read>)> {
    let mut start = Vec::new();
    file.by_ref().take(HEADER_LENGTH as u64).read_to_end(&mut start)?;
    let whole = Cursor::new(start.clone()).chain(file);
    Ok((start, Box::new(whole)))
}

/// The first bytes of the file at a path, where it can be read.
fn start_of(path: &Path) -> Option<Vec<u8>> {
    let mut start = Vec::new();
    let file = std::fs::File::open(path).ok()?;
    file.take(HEADER_LENGTH as u64).read_to_end(&mut start).ok()?;
    Some(start)
}

/// Shortens a line for a message.
fn shortened(line: &str) -> String {
    const MAX: usize = 60;
    match line.char_indices().nth(MAX) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests;
