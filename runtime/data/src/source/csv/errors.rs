//! Rewords the errors of the `csv` crate: line, column, expected and found value.

use std::cell::OnceCell;

use csv::{DeserializeErrorKind, ErrorKind, StringRecord};
use multi_input_base::{quote::Quoted, Error, Result};
use multi_input_cells::{
    file::{header_hint, lacks_a_name, only_cell, preamble, problem, Delimiter, Quotes, TableForm},
    missing_column, says_missing,
};

use super::{
    super::{
        file::{Lines, TextFile},
        wording::reworded,
    },
    dialect::Dialect,
    window::Window,
};

const REPEATED_HEADER: &str =
    "expected a row, found the names of the columns again; take the line away";

const ROW_NAMES: &str = "all rows have one cell more, as R writes row names; \
                         `.skip_lines(1).names([..])` names all columns";

/// Converts the reader's errors.
pub(super) struct Errors<R> {
    pub(super) dialect: Dialect<R>,
    pub(super) delimiter: u8,
    lines: Lines,
    /// The beginning of the text, once an error has needed it.
    start: OnceCell<Vec<u8>>,
    /// Whether the file cannot be read any further.
    pub(super) ended: bool,
}

impl<R> Errors<R> {
    pub(super) fn new(dialect: Dialect<R>, delimiter: u8) -> Errors<R> {
        let lines = dialect.lines(delimiter);
        Errors { dialect, delimiter, lines, start: OnceCell::new(), ended: false }
    }

    pub(super) fn file(&self) -> &TextFile {
        &self.dialect.file
    }

    /// Checks that the quotes of the row at `start` are closed where it is the last one, because an
    /// open quote may enclose any number of rows. Errors without a position are ignored.
    pub(super) fn check_end(
        &mut self,
        reader: &csv::Reader<Window>,
        start: Option<&csv::Position>,
    ) -> Result<()> {
        let (Some(start), window) = (start.map(csv::Position::byte), reader.get_ref()) else {
            return Ok(());
        };
        if !window.ends_at(reader.position().byte()) {
            return Ok(());
        }
        let mut quotes = Quotes::default();
        window.bytes_from(start).iter().for_each(|byte| quotes.push(*byte, self.delimiter));
        if !quotes.are_open() {
            return Ok(());
        }
        let line = self.lines.of(start);
        let message = "expected a quote that ends the cell, found the end of the file";
        Err(self.file().refuse(line, message))
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
                return self.file().unreadable(source);
            }
            ErrorKind::Utf8 { err, .. } => {
                let encoding = self.dialect.form.encoding.as_deref();
                of_column(names.get(err.field())) + &not_text(encoding)
            }
            ErrorKind::Deserialize { err, .. } => match of_cell(&err, names, row) {
                missing if says_missing(&missing) => {
                    if let Some(problem) = self.of_first_line(names) {
                        return self.of_names(problem, names);
                    }
                    missing + &self.hint(names)
                }
                _ if names == row => REPEATED_HEADER.to_owned(),
                message => message,
            },
            other => format!("{other:?}"),
        };
        self.at(offset, message)
    }

    /// A row that is the line of names once more.
    pub(super) fn of_repeated_names(&mut self, row: &StringRecord) -> Error {
        self.at(row.position().map(csv::Position::byte), REPEATED_HEADER.to_owned())
    }

    /// A row with too many or too few cells.
    pub(super) fn of_width(&mut self, names: &StringRecord, row: &StringRecord) -> Error {
        let has_names = self.dialect.form.names.is_none();
        if has_names && (names.len() == 1 || self.has_preamble(names)) {
            let problem = only_cell(&listed(names), self.delimiter, self.start());
            return self.of_names(problem, names);
        }
        let form = &self.dialect.form;
        let which = if has_names { "as in the first line" } else { "as there are names" };
        let counts = format!("expected {} cells {which}, found {}", names.len(), row.len());
        let lacks_a_name = has_names
            && row.len() == names.len() + 1
            && row.iter().next_back().is_some_and(|last| !last.trim().is_empty())
            && lacks_a_name(names.len(), self.delimiter, self.start());
        let advice = match lacks_a_name {
            true => Some(ROW_NAMES.to_owned()),
            false => of_width(names.len(), row, self.delimiter, form),
        };
        let advice = advice.map(|advice| format!("; {advice}")).unwrap_or_default();
        self.at(row.position().map(csv::Position::byte), counts + &advice)
    }

    /// Whether the table begins below the line that was taken for the names.
    fn has_preamble(&self, names: &StringRecord) -> bool {
        let is_first = names.position().is_some_and(|position| position.record() == 0);
        is_first && preamble(names.len(), self.start()).is_some()
    }

    /// The problem of a first line that is no line of names.
    fn of_first_line(&self, names: &StringRecord) -> Option<String> {
        let has_names = self.dialect.form.names.is_none();
        has_names.then(|| problem(&listed(names), self.delimiter, self.start()))?
    }

    fn start(&self) -> &[u8] {
        self.start.get_or_init(|| self.dialect.start())
    }

    fn hint(&self, names: &StringRecord) -> String {
        match self.dialect.form.names {
            None => header_hint(&listed(names), self.delimiter),
            Some(_) => String::new(),
        }
    }

    /// The error for an invalid line of column names.
    pub(super) fn of_names(&mut self, message: String, names: &StringRecord) -> Error {
        self.at(names.position().map(csv::Position::byte), message)
    }

    /// The reader reports the line where it started to look: before blank lines, and with Windows
    /// line ends before the second byte of the previous line end.
    fn at(&mut self, offset: Option<u64>, message: String) -> Error {
        let line = self.lines.of(offset.unwrap_or_default());
        self.file().refuse(line, message)
    }
}

fn listed(names: &StringRecord) -> Vec<&str> {
    names.iter().collect()
}

/// The message for bytes that are malformed in the encoding of the file.
pub(crate) fn not_text(encoding: Option<&str>) -> String {
    match encoding {
        Some(label) => format!("expected text in {}, found other bytes", Quoted(label)),
        None => {
            "expected UTF-8 text, found other bytes; `.encoding(\"windows-1252\")`, or the name \
                 of its encoding, reads the file"
                .to_owned()
        }
    }
}

/// The prefix of a message that names a column.
fn of_column(column: Option<&str>) -> String {
    column.map(|column| format!("column {}: ", Quoted(column))).unwrap_or_default()
}

/// The advice about a row with too many or too few cells.
fn of_width(
    expected: usize,
    row: &StringRecord,
    delimiter: u8,
    form: &TableForm,
) -> Option<String> {
    let mut more = row.iter().skip(expected);
    if form.comment.is_none() && row.get(0).is_some_and(|cell| cell.starts_with('#')) {
        return Some("`.comment(b'#')` leaves remarks out".to_owned());
    }
    if row.len() < expected {
        return None;
    }
    if delimiter == b' ' {
        return Some("`.whitespace()` reads columns that runs of spaces separate".to_owned());
    }
    let delimiter_char = char::from(delimiter);
    if more.all(|cell| cell.trim().is_empty()) {
        return Some(format!("nothing stands behind the last `{delimiter_char}`; take it away"));
    }
    Some(match delimiter {
        _ if form.delimiter == Delimiter::Whitespace => {
            "quote a text that contains spaces".to_owned()
        }
        b',' => "quote a text that contains commas".to_owned(),
        _ => format!("quote a text that contains `{delimiter_char}`"),
    })
}

/// The message for serde's error in a cell.
pub(super) fn of_cell(
    error: &csv::DeserializeError,
    names: &StringRecord,
    row: &StringRecord,
) -> String {
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
