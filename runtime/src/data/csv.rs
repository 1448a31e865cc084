//! Rows from a file of comma-separated values.

use std::{fs::File, path::Path};

use serde::de::DeserializeOwned;

use crate::{Error, Result};

/// All rows of a CSV file whose first line names the columns.
///
/// # Errors
/// Where the file cannot be read, holds no header or no rows, or a line is not such a row: the
/// error then names the line, the field, the column and what was found in it.
pub fn read_csv<S: DeserializeOwned>(path: impl AsRef<Path>) -> Result<Vec<S>> {
    let path = path.as_ref();
    let file = File::open(path).map_err(|source| Error::File {
        action: "read",
        path: path.into(),
        source,
    })?;
    let mut reader = ::csv::ReaderBuilder::new().trim(::csv::Trim::All).from_reader(file);
    let headers = reader.headers().map_err(|error| from_csv(path, 1, error))?.clone();
    if headers.is_empty() {
        return Err(Error::EmptyFile {
            path: path.into(),
            reason: "its first line should name the columns",
        });
    }

    let mut rows = Vec::new();
    let mut record = ::csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| from_csv(path, 1, error))? {
        let line = record.position().map_or(0, ::csv::Position::line);
        let row =
            record.deserialize(Some(&headers)).map_err(|error| from_csv(path, line, error))?;
        rows.push(row);
    }
    if rows.is_empty() {
        return Err(Error::EmptyFile {
            path: path.into(),
            reason: "only the line with the column names is there",
        });
    }
    Ok(rows)
}

/// The error with its file and line; `line` where the error itself does not know.
fn from_csv(path: &Path, line: u64, error: ::csv::Error) -> Error {
    let line = error.position().map_or(line, ::csv::Position::line);
    let path = path.to_owned();
    match error.into_kind() {
        ::csv::ErrorKind::Io(source) => Error::File { action: "read", path, source },
        ::csv::ErrorKind::Deserialize { err, .. } => {
            Error::Line { path, line, message: err.kind().to_string() }
        }
        ::csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            let message = format!("expected {expected_len} cells as in the header, found {len}");
            Error::Line { path, line, message }
        }
        ::csv::ErrorKind::Utf8 { .. } => {
            Error::Line { path, line, message: "the text is not UTF-8".to_owned() }
        }
        other => Error::Line { path, line, message: format!("{other:?}") },
    }
}
