//! Rows from a file with a JSON object on every line.

use std::{io::BufRead, marker::PhantomData, path::Path};

use serde::de::DeserializeOwned;

use super::{file::TextFile, Source};
use crate::Result;

/// A file of which every line is a row, a JSON object (<https://jsonlines.org>); blank lines are
/// left out. Keys are found as the columns of a [`Csv`](super::Csv) are; a list may stand for an
/// array. pandas: `read_json(lines=True)`.
#[derive(Clone, Debug)]
pub struct JsonLines<R> {
    file: TextFile,
    row: PhantomData<fn() -> R>,
}

impl<R: DeserializeOwned> JsonLines<R> {
    /// A file.
    pub fn new(path: impl AsRef<Path>) -> JsonLines<R> {
        JsonLines { file: TextFile::new(path.as_ref()), row: PhantomData }
    }
}

impl<R: DeserializeOwned> Source for JsonLines<R> {
    type Row = R;

    fn rows(&self) -> Result<impl Iterator<Item = Result<R>>> {
        let (mut reader, _) = self.file.open()?;
        let file = self.file.clone();
        let (mut text, mut line, mut ended) = (Vec::new(), 0, false);
        Ok(std::iter::from_fn(move || loop {
            text.clear();
            match reader.read_until(b'\n', &mut text) {
                Ok(0) => return None,
                Ok(_) if ended => return None,
                Ok(_) => line += 1,
                Err(error) => {
                    ended = true;
                    return Some(Err(file.unreadable(error)));
                }
            }
            if text.trim_ascii().is_empty() {
                continue;
            }
            let row = file.within_folder(|| serde_json::from_slice(&text));
            return Some(row.map_err(|error| file.refuse(line, in_words(&error))));
        }))
    }
}

/// The parser's error without its own count of lines, which is always 1.
fn in_words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.split_once(" at line 1 column ") {
        Some((reason, column)) => format!("{reason}, at character {column}"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Row {
        age: f32,
    }

    #[test]
    fn every_line_is_a_row_and_a_bad_one_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("people.jsonl");
        std::fs::write(&path, "\u{feff}{\"age\": 3}\n\n{\"age\": 4, \"x\": []}\r\n{\"age\": }\n{}")
            .unwrap();
        let rows: Vec<_> = JsonLines::<Row>::new(&path).rows().unwrap().collect();
        assert_eq!(rows[0].as_ref().unwrap().age, 3.0);
        assert_eq!(rows[1].as_ref().unwrap().age, 4.0);
        let message = |row: usize| rows[row].as_ref().unwrap_err().to_string();
        assert!(message(2).ends_with("line 4: expected value, at character 9"), "{}", message(2));
        assert!(message(3).contains("line 5: missing field `age`"), "{}", message(3));
        assert_eq!(rows.len(), 4);
        assert!(JsonLines::<Row>::new("/nowhere").rows().is_err());
    }
}
