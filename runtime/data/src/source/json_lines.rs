//! Rows from a JSON Lines file.

use std::{io::BufRead, marker::PhantomData, path::Path};

use multi_input_base::Result;
use serde::de::DeserializeOwned;

use super::{file::TextFile, wording::reworded, Source};

/// A JSON Lines file (<https://jsonlines.org>): each line is a row, a JSON object; blank lines are
/// skipped. Keys and cells are read as the columns and cells of a [`Csv`](super::Csv). A list fills
/// an array, and a missing key is `None` for an `Option`. pandas: `read_json(lines=True)`.
#[derive(Clone, Debug)]
pub struct JsonLines<R> {
    file: TextFile,
    row: PhantomData<fn() -> R>,
}

impl<R: DeserializeOwned> JsonLines<R> {
    /// Creates a source from the path of a file.
    pub fn new(path: impl AsRef<Path>) -> JsonLines<R> {
        JsonLines { file: TextFile::new(path.as_ref()), row: PhantomData }
    }
}

impl<R: DeserializeOwned> Source for JsonLines<R> {
    type Row = R;

    fn rows(&self) -> Result<impl Iterator<Item = Result<R>>> {
        self.file.check("a JSON object on every line")?;
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
            return Some(row.map_err(|error| file.refuse(line, error_message(&error, &text))));
        }))
    }
}

/// The message for a parser error, without the parser's line number, which is always 1. Errors
/// about the value of a field name its key, which the parser does not.
fn error_message(error: &serde_json::Error, line: &[u8]) -> String {
    let text = error.to_string();
    let (reason, character) = match text.split_once(" at line 1 column ") {
        Some((reason, character)) => (reason, format!(", at character {character}")),
        None => (text.as_str(), String::new()),
    };
    let words = reworded(reason);
    let key = key_before(line, error.column()).filter(|_| words != reason);
    match key {
        Some(key) => format!("key `{key}`: {words}{character}"),
        None if line.trim_ascii_start().starts_with(b"[") => {
            format!("expected a JSON object on every line, found a list: {words}{character}")
        }
        None => format!("{words}{character}"),
    }
}

/// The last key of the outermost object before a byte offset.
fn key_before(line: &[u8], byte: usize) -> Option<String> {
    let (mut key, mut string, mut depth) = (None, None, 0);
    let mut position = 0;
    while position < byte.min(line.len()) {
        match line[position] {
            b'"' => {
                let start = position + 1;
                position = start;
                while *line.get(position)? != b'"' {
                    position += if line[position] == b'\\' { 2 } else { 1 };
                }
                string = Some(&line[start..position]);
            }
            b':' if depth == 1 => key = string,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        position += 1;
    }
    key.map(|key| String::from_utf8_lossy(key).into_owned())
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
    fn the_key_of_a_wrong_value_is_named() {
        let message = |line: &str| {
            let error = serde_json::from_str::<Row>(line).unwrap_err();
            error_message(&error, line.as_bytes())
        };
        assert_eq!(
            message(r#"{"x": {"age": "\\"}, "age": "old"}"#),
            r#"key `age`: expected f32, found string "old", at character 33"#
        );
        assert_eq!(message(r#"{"age": }"#), "expected value, at character 9");
        let list = message(r#"[{"age": 1},"#);
        assert!(list.starts_with("expected a JSON object on every line, found"), "{list}");
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
