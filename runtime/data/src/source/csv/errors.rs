//! Rewords the errors of the `csv` crate: line, column, expected and found value.

use csv::{DeserializeErrorKind, ErrorKind, StringRecord};
use multi_input_base::{quote::Quoted, Error, Result};

use super::{
    super::{
        file::{Lines, TextFile},
        wording::reworded,
    },
    header,
};
use multi_input_cells::{missing_column, says_missing};

const REPEATED_HEADER: &str =
    "expected a row, found the names of the columns again; take the line away";

/// Converts the reader's errors.
pub(super) struct Errors {
    pub(super) file: TextFile,
    pub(super) delimiter: u8,
    lines: Lines,
    /// Whether the file cannot be read any further.
    pub(super) ended: bool,
}

impl Errors {
    pub(super) fn new(file: &TextFile, delimiter: u8) -> Errors {
        Errors { file: file.clone(), delimiter, lines: file.lines(), ended: false }
    }

    /// Checks that the quotes of the last row are closed, because an open quote may enclose any
    /// number of rows. Errors without a position are ignored.
    pub(super) fn check_end(&mut self, last: Option<&csv::Position>) -> Result<()> {
        let Some(start) = last.map(csv::Position::byte) else { return Ok(()) };
        // Within quotes a quote is doubled. Outside, a quote that does not begin a cell is literal.
        let (mut quoted, mut at_start) = (false, true);
        for byte in self.file.from(start)? {
            match byte {
                b'"' if quoted || at_start => (quoted, at_start) = (!quoted, quoted),
                _ if quoted => {}
                _ => at_start = byte == self.delimiter || byte == b'\n' || byte == b'\r',
            }
        }
        if !quoted {
            return Ok(());
        }
        let line = self.lines.of(start);
        Err(self
            .file
            .refuse(line, "expected a quote that ends the cell, found the end of the file"))
    }

    /// An error in the line of column names.
    pub(super) fn of_header(&mut self, error: csv::Error) -> Error {
        let nothing = StringRecord::new();
        self.of_row(error, &nothing, &nothing)
    }

    /// An error in a row, as far as it was read.
    pub(super) fn of_row(
        &mut self,
        error: csv::Error,
        names: &StringRecord,
        row: &StringRecord,
    ) -> Error {
        let offset = error.position().map(|position| position.byte());
        let message = match error.into_kind() {
            ErrorKind::Io(source) => {
                self.ended = true;
                return self.file.unreadable(source);
            }
            ErrorKind::Utf8 { err, .. } => format!(
                "{}expected UTF-8 text, found other bytes; convert the file",
                of_column(names.get(err.field()))
            ),
            ErrorKind::UnequalLengths { .. } if names.len() == 1 => {
                return self.of_names(header::only_cell(names, self.delimiter), names);
            }
            ErrorKind::UnequalLengths { .. } => ragged(names, row, self.delimiter),
            ErrorKind::Deserialize { err, .. } => match of_cell(&err, names, row) {
                missing if says_missing(&missing) => match header::problem(names, self.delimiter) {
                    Some(problem) => return self.of_names(problem, names),
                    None => missing + &header::header_hint(names, self.delimiter),
                },
                _ if names == row => REPEATED_HEADER.to_owned(),
                message => message,
            },
            other => format!("{other:?}"),
        };
        // The reader reports the line where it started to look: before blank lines, and with
        // Windows line ends before the second byte of the previous line end.
        let line = offset.map_or(1, |offset| self.lines.of(offset));
        self.file.refuse(line, message)
    }

    /// The error for an invalid line of column names.
    fn of_names(&mut self, message: String, names: &StringRecord) -> Error {
        let start = names.position().map_or(0, csv::Position::byte);
        let line = self.lines.of(start);
        self.file.refuse(line, message)
    }
}

/// The prefix of a message that names a column.
fn of_column(column: Option<&str>) -> String {
    column.map(|column| format!("column {}: ", Quoted(column))).unwrap_or_default()
}

/// The message for a row with too many or too few cells.
fn ragged(names: &StringRecord, row: &StringRecord, delimiter: u8) -> String {
    let counts =
        format!("expected {} cells as in the first line, found {}", names.len(), row.len());
    let delimiter_char = char::from(delimiter);
    let more = row.iter().skip(names.len());
    let advice = match (row.len() > names.len(), more.clone().all(|cell| cell.trim().is_empty())) {
        (false, _) => return counts,
        (true, true) => format!("nothing stands behind the last `{delimiter_char}`; take it away"),
        (true, false) if delimiter == b',' => "quote a text that contains commas".to_owned(),
        (true, false) => format!("quote a text that contains `{delimiter_char}`"),
    };
    format!("{counts}; {advice}")
}

/// The message for serde's error in a cell.
fn of_cell(error: &csv::DeserializeError, names: &StringRecord, row: &StringRecord) -> String {
    let index = error.field().and_then(|index| usize::try_from(index).ok());
    let prefix = of_column(index.and_then(|index| names.get(index)));
    let found = index.and_then(|index| row.get(index)).unwrap_or_default();
    match error.kind() {
        // Errors of our row types, which name field and column themselves.
        DeserializeErrorKind::Message(message) => {
            let field = message.strip_prefix("missing field `");
            match field.and_then(|field| field.strip_suffix('`')) {
                Some(field) => missing_column(field, names.iter(), names.iter()),
                None => reworded(message),
            }
        }
        DeserializeErrorKind::ParseBool(_) => {
            format!("{prefix}expected `true` or `false`, found `{found}`")
        }
        DeserializeErrorKind::ParseInt(error) => {
            format!("{prefix}expected a whole number, found `{found}` ({error})")
        }
        DeserializeErrorKind::ParseFloat(_) => {
            format!("{prefix}expected a number, found `{found}`")
        }
        other => format!("{prefix}{other}"),
    }
}
