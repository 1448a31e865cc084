//! Rows from a CSV file.

use std::{fs::File, io::Read, path::Path};

use csv::{DeserializeErrorKind, ErrorKind, Position, ReaderBuilder, StringRecord, Trim};
use serde::de::DeserializeOwned;

use super::folder;
use crate::{Error, Result};

/// Reads a file of comma-separated values whose first line names the columns.
///
/// The columns may come in any order, and those that no field asks for are ignored. `S` is a row
/// struct of a model, or any struct with serde's `Deserialize`. The path of a picture counts from
/// the file's own folder. pandas: `read_csv`.
///
/// # Errors
/// [`Error::File`] where the file cannot be read; [`Error::Line`] with file, line, field, what was
/// expected and what was found where a line is no row, and where there are no rows.
pub fn read_csv<S: DeserializeOwned>(path: impl AsRef<Path>) -> Result<Vec<S>> {
    let path = path.as_ref();
    let file = File::open(path).map_err(|source| unreadable(path, source))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    folder::within(folder, || read_csv_from(file, &path.display().to_string()))
}

/// As [`read_csv`], from anything; `name` stands in errors for the file.
///
/// ```
/// # use multi_input::data::read_csv_from;
/// #[derive(serde::Deserialize)]
/// struct House {
///     rooms: f32,
/// }
///
/// let houses: Vec<House> = read_csv_from("id,rooms\na,4\nb,5".as_bytes(), "houses")?;
/// assert_eq!(houses[1].rooms, 5.0);
/// # Ok::<(), multi_input::Error>(())
/// ```
///
/// # Errors
/// As [`read_csv`].
pub fn read_csv_from<S: DeserializeOwned>(mut reader: impl Read, name: &str) -> Result<Vec<S>> {
    let mut bytes = Vec::new();
    let read = reader.read_to_end(&mut bytes);
    read.map_err(|source| unreadable(Path::new(name), source))?;
    Source { name, bytes: bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&bytes) }.rows()
}

fn unreadable(path: &Path, source: std::io::Error) -> Error {
    Error::File { action: "read", path: path.into(), source }
}

/// What some editors put before UTF-8 text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A whole file.
struct Source<'a> {
    name: &'a str,
    bytes: &'a [u8],
}

impl Source<'_> {
    fn rows<S: DeserializeOwned>(&self) -> Result<Vec<S>> {
        let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(self.bytes);
        let header = reader.headers().map_err(|error| self.translate(error, None))?.clone();
        if header.is_empty() {
            return Err(self.refuse(1, "expected a line of column names, found an empty file"));
        }
        let rows = reader.deserialize();
        let rows: Vec<S> = rows
            .map(|row| row.map_err(|error| self.translate(error, Some(&header))))
            .collect::<Result<_>>()?;
        if rows.is_empty() {
            return Err(self.refuse(2, "expected rows below the column names, found none"));
        }
        Ok(rows)
    }

    fn refuse(&self, line: u64, message: impl Into<String>) -> Error {
        Error::Line { path: self.name.into(), line, message: message.into() }
    }

    /// The reader's error in our words.
    fn translate(&self, error: csv::Error, header: Option<&StringRecord>) -> Error {
        let line = error.position().map_or(1, |position| self.line(position));
        let column = |index| header.and_then(|header| header.get(index));
        let message = match error.into_kind() {
            ErrorKind::Utf8 { err, .. } => format!(
                "{}expected UTF-8 text, found other bytes; convert the file",
                place(column(err.field()))
            ),
            ErrorKind::UnequalLengths { expected_len, len, .. } => format!(
                "expected {expected_len} cells as in the first line, found {len}; quote a text \
                 that contains commas"
            ),
            ErrorKind::Deserialize { err, .. } => match err.kind() {
                // Our rows' own errors, which name field and column themselves.
                DeserializeErrorKind::Message(message) => message.clone(),
                kind => {
                    let index = err.field().and_then(|index| usize::try_from(index).ok());
                    format!("{}{kind}", place(index.and_then(column)))
                }
            },
            other => format!("{other:?}"),
        };
        self.refuse(line, message)
    }

    /// The line on which a record begins, counted from 1.
    ///
    /// The reader's own count is of where it began to look: before blank lines, and with Windows'
    /// line ends before the second half of the last one.
    fn line(&self, position: &Position) -> u64 {
        let begins = usize::try_from(position.byte()).unwrap_or(usize::MAX).min(self.bytes.len());
        let (before, from) = self.bytes.split_at(begins);
        let blank = from.iter().take_while(|&&byte| byte == b'\r' || byte == b'\n').count();
        let before = &self.bytes[..before.len() + blank];
        let ends = |(index, &byte): (usize, &u8)| match byte {
            b'\n' => true,
            b'\r' => before.get(index + 1) != Some(&b'\n'),
            _ => false,
        };
        1 + before.iter().enumerate().filter(|&byte| ends(byte)).count() as u64
    }
}

/// The beginning of a message that speaks of a column.
fn place(column: Option<&str>) -> String {
    column.map(|column| format!("column `{column}`: ")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Row {
        age: f32,
        name: String,
    }

    fn read(text: &[u8]) -> Result<Vec<Row>> {
        read_csv_from(text, "people.csv")
    }

    fn message(text: &[u8]) -> String {
        read(text).unwrap_err().to_string()
    }

    #[test]
    fn columns_are_found_by_name() {
        let rows = read(b"\xef\xbb\xbfname, age ,extra\n\"Ann, B\",3,x\nBob,4.5,\n").unwrap();
        assert_eq!(rows[0], Row { age: 3.0, name: "Ann, B".into() });
        assert_eq!(rows[1], Row { age: 4.5, name: "Bob".into() });
    }

    #[test]
    fn nothing_to_read_is_an_error() {
        assert!(message(b"").contains("people.csv, line 1: expected a line of column names"));
        assert!(message(b"age,name\n").contains("line 2: expected rows below"));
    }

    #[test]
    fn a_ragged_row_names_its_line_and_both_lengths() {
        let text = message(b"age,name\n1,a\n2,b,c\n");
        assert!(text.starts_with("people.csv, line 3: expected 2 cells"), "{text}");
        assert!(text.contains("found 3"), "{text}");
    }

    #[test]
    fn a_wrong_cell_names_line_and_column() {
        let text = message(b"name,age\na,1\n\n\nb,old\n");
        assert!(text.starts_with("people.csv, line 5: column `age`: "), "{text}");
    }

    #[test]
    fn a_line_is_right_behind_a_quoted_line_break() {
        let text = message(b"name,age\r\n\"a\r\nb\",1\r\nb,old");
        assert!(text.starts_with("people.csv, line 4: column `age`: "), "{text}");
    }

    #[test]
    fn all_line_ends_count() {
        for end in ["\n", "\r\n", "\r"] {
            let lines = ["\u{feff}name,age", "a,1", "", "b,2", "c,old", "d,3"].join(end);
            let text = message(lines.as_bytes());
            assert!(text.starts_with("people.csv, line 5: column `age`: "), "{end:?} {text}");
        }
    }

    #[test]
    fn other_encodings_are_refused() {
        let text = message(b"age,name\n1,M\xfcller\n");
        assert!(text.contains("line 2: column `name`: expected UTF-8"), "{text}");
        assert!(message(b"\xff\xfe,name\n1,a\n").contains("line 1: expected UTF-8"));
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = read_csv::<Row>("/nowhere/people.csv").unwrap_err();
        assert!(matches!(error, Error::File { .. }));
        assert!(error.to_string().contains("/nowhere/people.csv"), "{error}");
        assert!(matches!(read_csv::<Row>("/").unwrap_err(), Error::File { .. }));
    }
}
