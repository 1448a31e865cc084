//! Rows from JSON objects, and the mistakes in them.

use multi_input_base::Error;
use serde::{de::DeserializeOwned, Serialize};

use super::wording::reworded;
use crate::image::files;

/// A row that cannot be read, or that the model does not accept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowMistake {
    /// The name of the field or of the key; `None` where the row as a whole is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What was expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// All of it in words.
    pub message: String,
}

/// Reads a row of a JSON object that comes from outside: an image is its bytes, and never the path of
/// a file. Keys and cells are read as those of [`JsonLines`](crate::JsonLines).
///
/// # Errors
/// The first mistake of the row.
pub fn read<R: DeserializeOwned>(text: &str) -> Result<R, RowMistake> {
    let read = files::without_paths(|| serde_json::from_str(text));
    read.map_err(|error| of_json(&error, text))
}

impl RowMistake {
    /// A mistake of a row as a whole.
    pub fn new(message: impl Into<String>) -> RowMistake {
        RowMistake { field: None, expected: None, found: None, message: message.into() }
    }
}

/// The mistake of an error about a value; any other error in words.
impl From<Error> for RowMistake {
    fn from(error: Error) -> RowMistake {
        match error {
            Error::Value { field, expected, found, .. } => RowMistake {
                message: format!("field `{field}`: expected {expected}, found {found}"),
                field: Some(field),
                expected: Some(expected),
                found: Some(found),
            },
            other => RowMistake::new(other.to_string()),
        }
    }
}

/// The parts of a parser's error, which has them in its text alone.
#[inline(never)]
fn of_json(error: &serde_json::Error, text: &str) -> RowMistake {
    let message = message(error, text.as_bytes());
    let quoted = |start: &str| Some(message.strip_prefix(start)?.split_once('`')?.0.to_owned());
    let missing = || Some(message.split_once("missing field `")?.1.split_once('`')?.0.to_owned());
    let parts = message.split_once("expected ").and_then(|(_, rest)| rest.split_once(", found "));
    let (expected, found) = parts.unzip();
    let found = found.map(|found: &str| {
        let places = [", at character ", ", at line "];
        let before = places.iter().find_map(|place| found.rsplit_once(place));
        before.map_or(found, |(found, _)| found).to_owned()
    });
    RowMistake {
        field: quoted("field `").or_else(|| quoted("key `")).or_else(missing),
        expected: expected.map(str::to_owned),
        found,
        message,
    }
}

/// The message for a parser error, without the parser's line number. Errors about the value of a field
/// name its key, which the parser does not.
pub(super) fn message(error: &serde_json::Error, line: &[u8]) -> String {
    let text = error.to_string();
    let (reason, character) = match text.rsplit_once(" at line ") {
        Some((reason, place)) => match place.split_once(" column ") {
            Some(("1", character)) => (reason, format!(", at character {character}")),
            Some((line, character)) => (reason, format!(", at line {line}, character {character}")),
            None => (text.as_str(), String::new()),
        },
        None => (text.as_str(), String::new()),
    };
    let words = reworded(reason);
    let key = key_before(line, byte_of(error, line)).filter(|_| words != reason);
    match key {
        Some(key) => format!("key `{key}`: {words}{character}"),
        None => format!("{words}{character}"),
    }
}

/// The byte at which an error is.
fn byte_of(error: &serde_json::Error, text: &[u8]) -> usize {
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    lines.take(error.line().saturating_sub(1)).map(<[u8]>::len).sum::<usize>() + error.column()
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
    use crate::Image;

    #[derive(Debug, Deserialize)]
    struct Row {
        #[allow(dead_code)]
        age: f32,
    }

    #[test]
    fn a_mistake_has_its_parts() {
        let mistake = read::<Row>("{\"x\": {\"age\": \"\\\\\"},\n \"age\": \"old\"}").unwrap_err();
        assert_eq!(
            mistake.message,
            r#"key `age`: expected f32, found string "old", at line 2, character 13"#
        );
        let parts = [&mistake.field, &mistake.expected, &mistake.found].map(Option::as_deref);
        assert_eq!(parts, [Some("age"), Some("f32"), Some("string \"old\"")]);
        let mistake = read::<Row>("{}").unwrap_err();
        assert_eq!(mistake.field.as_deref(), Some("age"));
        let mistake = read::<Row>(r#"{"age": }"#).unwrap_err();
        assert_eq!(mistake.message, "expected value, at character 9");
    }

    #[test]
    fn deep_json_is_an_error() {
        let deep = format!("{{\"x\": {}}}", "[".repeat(100_000));
        assert!(read::<Row>(&deep).is_err());
    }

    #[test]
    fn a_path_is_never_opened() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let error = files::without_paths(|| files::of_text::<3>(path)).unwrap_err();
        assert_eq!(error.expected, "an image file in a `data:` URL");
        let _: fn(&str) -> Result<Image<3>, _> = files::of_base64;
    }
}
