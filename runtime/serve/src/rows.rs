//! The rows of a request's body.

use multi_input_data::json_row::RowMistake;
use serde::de::{DeserializeSeed, SeqAccess, Visitor};
use serde_json::{error::Category, value::RawValue};

use crate::refusal::Refusal;

/// How a body holds its rows, and an answer its predictions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A JSON object.
    One,
    /// A list of JSON objects.
    List,
    /// A JSON object on each line.
    Lines,
}

/// Rows of a body, each of which is a JSON object or a mistake.
pub(crate) struct Rows<'a> {
    pub(crate) form: Form,
    pub(crate) rows: Vec<Result<&'a str, RowMistake>>,
}

/// The rows of a body in JSON: one row, or a list of at most `most` rows.
pub(crate) fn of_json(body: &[u8], most: usize) -> Result<Rows<'_>, Refusal> {
    let text = std::str::from_utf8(body).map_err(|error| {
        Refusal::malformed(format!("the body is no UTF-8: see byte {}", error.valid_up_to()))
    })?;
    let no_json =
        |error: serde_json::Error| Refusal::malformed(format!("the body is no JSON: {error}"));
    if text.trim_ascii_start().starts_with('[') {
        let mut json = serde_json::Deserializer::from_str(text);
        let listed = AtMost(most).deserialize(&mut json).and_then(|rows| json.end().map(|()| rows));
        let listed = listed.map_err(|error| match error.classify() {
            Category::Data => Refusal::too_large(format!(
                "the body has more than {most} rows: send them in several requests, or as a stream of \
                 lines"
            )),
            _ => no_json(error),
        })?;
        let rows = listed.into_iter().map(|row| object(row.get())).collect();
        return Ok(Rows { form: Form::List, rows });
    }
    let row: &RawValue = serde_json::from_str(text).map_err(no_json)?;
    match object(row.get()) {
        Ok(row) => Ok(Rows { form: Form::One, rows: vec![Ok(row)] }),
        Err(_) => {
            let found = described(row.get());
            let expected = "a row, which is a JSON object, or a list of rows";
            Err(Refusal::unprocessable(format!("expected {expected}, found {found}")))
        }
    }
}

/// The rows of lines; blank lines are none.
pub(crate) fn of_lines(body: &[u8]) -> Rows<'_> {
    let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let row = |line| match std::str::from_utf8(line) {
        Ok(text) => object(text.trim_ascii()),
        Err(error) => {
            let message = format!("the line is no UTF-8: see byte {}", error.valid_up_to());
            Err(RowMistake::new(message))
        }
    };
    Rows { form: Form::Lines, rows: lines.map(row).collect() }
}

/// A JSON value that must be an object.
fn object(text: &str) -> Result<&str, RowMistake> {
    match text.starts_with('{') {
        true => Ok(text),
        false => {
            let found = described(text);
            let message = format!("expected a JSON object, found {found}");
            let expected = Some("a JSON object".to_owned());
            Err(RowMistake { field: None, expected, found: Some(found.to_owned()), message })
        }
    }
}

/// The kind of a JSON value, or of a line that may be none.
fn described(text: &str) -> &'static str {
    match (text, text.bytes().next()) {
        ("null", _) => "null",
        ("true" | "false", _) => "a boolean",
        (_, Some(b'[')) => "a list",
        (_, Some(b'"')) => "a string",
        (_, Some(b'-' | b'0'..=b'9')) => "a number",
        _ => "other text",
    }
}

/// Reads a list of at most this many values.
struct AtMost(usize);

impl<'de> DeserializeSeed<'de> for AtMost {
    type Value = Vec<&'de RawValue>;

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for AtMost {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a list of at most {} rows", self.0)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut rows = Vec::new();
        while let Some(row) = items.next_element()? {
            if rows.len() == self.0 {
                return Err(serde::de::Error::custom("too many"));
            }
            rows.push(row);
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::*;

    fn refused(body: &[u8]) -> (StatusCode, String) {
        let Err(refusal) = of_json(body, 2) else { panic!("{body:?}") };
        (refusal.status, String::from_utf8(refusal.to_json()).unwrap())
    }

    #[test]
    fn a_body_is_one_row_or_a_list_of_them() {
        let one = of_json(b" {\"a\": [1]} ", 2).unwrap();
        assert_eq!((one.form, one.rows), (Form::One, vec![Ok("{\"a\": [1]}")]));
        let list = of_json(b"[{}, 3]", 2).unwrap();
        assert_eq!(list.form, Form::List);
        assert_eq!(
            list.rows[1].as_ref().unwrap_err().message,
            "expected a JSON object, found a number"
        );
        assert!(of_json(b"[]", 2).unwrap().rows.is_empty());
        let lines = of_lines(b"{\"a\": 1}\n\n  {} \r\nx\n\xff\n");
        assert_eq!(lines.rows[..2], [Ok("{\"a\": 1}"), Ok("{}")]);
        assert!(lines.rows[2].is_err() && lines.rows[3].is_err() && lines.rows.len() == 4);
    }

    #[test]
    fn what_is_no_row_is_refused() {
        let (status, text) = refused(b"");
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(text.contains("no JSON: EOF while parsing a value"), "{text}");
        assert_eq!(refused(b"{\"a\": }").0, StatusCode::BAD_REQUEST);
        assert_eq!(refused(b"{} x").0, StatusCode::BAD_REQUEST);
        assert_eq!(refused(b"[{}, {}] x").0, StatusCode::BAD_REQUEST);
        assert_eq!(refused(b"[{}, {}, {}]").0, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(refused(b"3").0, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(refused("\"\u{e9}\"".as_bytes()).0, StatusCode::UNPROCESSABLE_ENTITY);
        let (status, text) = refused(b"{\"a\": \"\xff\"}");
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(text.contains("the body is no UTF-8: see byte 7"), "{text}");
        // Without a stack frame for each bracket.
        let deep = "[".repeat(1_000_000);
        assert_eq!(refused(deep.as_bytes()).0, StatusCode::BAD_REQUEST);
    }
}
