//! Rows from a JSON Lines file.

use std::{
    io::{self, BufRead, BufReader, Read},
    marker::PhantomData,
    path::Path,
};

use multi_input_base::Result;
use multi_input_cells::file::{open_text, text_start, TextStart};
use serde::de::DeserializeOwned;

use super::{
    blocks::by_rows,
    csv::not_text,
    file::{TextFile, BUFFER},
    files::{in_turn, Files},
    json_row,
    pieces::{Piece, PieceBuilder, Pieces},
    shard::{by_number, count_by_number},
    BlockRequest, Blocks, Source,
};

/// A JSON Lines file (<https://jsonlines.org>), or several: each line is a row, a JSON object; blank
/// lines are skipped. Keys and cells are read as the columns and cells of a [`Csv`](super::Csv). A
/// list fills an array, and a missing key is `None` for an `Option`. Compressed files are read as
/// those of a `Csv`, and several ranks divide the files [as those of one](super::Csv#several-ranks).
/// pandas: `read_json(lines=True)`.
#[derive(Clone, Debug)]
pub struct JsonLines<R> {
    files: Files<TextFile>,
    encoding: Option<String>,
    pieces: Pieces,
    row: PhantomData<fn() -> R>,
}

impl<R: DeserializeOwned> JsonLines<R> {
    /// Creates a source from the path of a file.
    pub fn new(path: impl AsRef<Path>) -> JsonLines<R> {
        JsonLines::of(Files::One(TextFile::new(path.as_ref())))
    }

    /// Creates a source from several files, whose rows follow one another in the order of the paths.
    pub fn files(paths: impl IntoIterator<Item = impl AsRef<Path>>) -> JsonLines<R> {
        JsonLines::of(Files::list(paths, TextFile::new))
    }

    /// Creates a source from the files that match a pattern: see [`Csv::pattern`](super::Csv::pattern).
    pub fn pattern(pattern: impl Into<String>) -> JsonLines<R> {
        JsonLines::of(Files::Pattern(pattern.into()))
    }

    fn of(files: Files<TextFile>) -> JsonLines<R> {
        JsonLines { files, encoding: None, pieces: Pieces::default(), row: PhantomData }
    }

    /// Sets the encoding of the file: see [`Csv::encoding`](super::Csv::encoding).
    #[must_use]
    pub fn encoding(mut self, name: impl Into<String>) -> JsonLines<R> {
        self.encoding = Some(name.into());
        self.pieces = Pieces::default();
        self
    }

    /// The pieces of the request's shard; `None` where the files cannot be divided by bytes.
    fn pieces(&self, request: &BlockRequest) -> Result<Option<Vec<Piece>>> {
        let encoding = self.encoding.as_deref();
        let scan = |file: &TextFile, size, pieces: &mut PieceBuilder| {
            // A file of another kind is refused.
            file.open(EXPECTED, |bytes| open_text(bytes, encoding))?;
            let start = file.inspect(EXPECTED, |file| text_start(file.bytes()?, encoding))?;
            let Some(TextStart { byte, .. }) = start else { return Ok(false) };
            let scanned = file.bytes_within(byte..size).and_then(|text| scan(text, byte, pieces));
            scanned.map_err(|error| file.unreadable(error)).map(|()| true)
        };
        self.pieces.of(request.shard(), || self.files.all(TextFile::new), scan)
    }
}

/// Passes the rows of a text to `pieces`, with the number of lines before each. The text begins at a
/// byte of its file.
fn scan(text: impl Read, mut byte: u64, pieces: &mut PieceBuilder) -> io::Result<()> {
    let (mut reader, mut text) = (BufReader::with_capacity(BUFFER, text), Vec::new());
    for lines in 0.. {
        text.clear();
        let length = reader.read_until(b'\n', &mut text)?;
        if length == 0 {
            break;
        }
        if !is_blank(&text) {
            pieces.row(byte, lines);
        }
        byte += length as u64;
    }
    Ok(())
}

/// Whether a line is no row.
fn is_blank(line: &[u8]) -> bool {
    line.trim_ascii_start().is_empty()
}

impl<R: DeserializeOwned> Source for JsonLines<R> {
    type Row = R;

    fn rows(&self) -> Result<impl Iterator<Item = Result<R>>> {
        in_turn(self.files.all(TextFile::new)?, |file| Rows::open(file, self.encoding.clone()), Err)
    }

    fn blocks<'a>(&'a self, request: &'a BlockRequest) -> Result<Blocks<'a, R>> {
        let all = || Ok(by_rows(self.rows()?, request));
        if request.shard().is_all() {
            return all();
        }
        match self.pieces(request)? {
            Some(pieces) => {
                let open = |piece| Rows::open_piece(piece, self.encoding.clone());
                Ok(by_rows(in_turn(pieces, open, Err)?, request))
            }
            None => by_number(request, all),
        }
    }

    fn count_rows(&self, request: &BlockRequest) -> Result<usize> {
        match self.pieces(request)? {
            Some(pieces) => Ok(pieces.iter().map(|piece| piece.rows).sum()),
            None => count_by_number(request, || Ok(by_rows(self.rows()?, request))),
        }
    }
}

const EXPECTED: &str = "a JSON object on every line";

/// The rows of a file.
struct Rows<R> {
    file: TextFile,
    encoding: Option<String>,
    reader: BufReader<Box<dyn Read>>,
    text: Vec<u8>,
    line: u64,
    /// Whether the file cannot be read any further.
    ended: bool,
    row: PhantomData<fn() -> R>,
}

impl<R> Rows<R> {
    fn open(file: TextFile, encoding: Option<String>) -> Result<Rows<R>> {
        let text = file.open(EXPECTED, |bytes| open_text(bytes, encoding.as_deref()))?;
        Ok(Rows::new(file, encoding, text, 0))
    }

    /// The rows of a piece of a file.
    fn open_piece(piece: Piece, encoding: Option<String>) -> Result<Rows<R>> {
        let Piece { file, bytes, before, .. } = piece;
        let text = file.bytes_within(bytes).map_err(|error| file.unreadable(error))?;
        Ok(Rows::new(file, encoding, Box::new(text), before))
    }

    /// The rows of a text that follows some lines of the file.
    fn new(file: TextFile, encoding: Option<String>, text: Box<dyn Read>, line: u64) -> Rows<R> {
        let reader = BufReader::with_capacity(BUFFER, text);
        Rows { file, encoding, reader, text: vec![], line, ended: false, row: PhantomData }
    }
}

impl<R: DeserializeOwned> Iterator for Rows<R> {
    type Item = Result<R>;

    fn next(&mut self) -> Option<Result<R>> {
        let Rows { file, encoding, reader, text, line, .. } = self;
        while !self.ended {
            text.clear();
            match reader.read_until(b'\n', text) {
                Ok(0) => return None,
                Ok(_) => *line += 1,
                Err(error) => {
                    self.ended = true;
                    return Some(Err(file.unreadable(error)));
                }
            }
            if is_blank(text) {
                continue;
            }
            let Ok(valid) = std::str::from_utf8(text) else {
                return Some(Err(file.refuse(*line, not_text(encoding.as_deref()))));
            };
            let row = file.within_folder(|| serde_json::from_str(valid));
            return Some(row.map_err(|error| file.refuse(*line, error_message(&error, text))));
        }
        None
    }
}

/// The message for a parser error.
fn error_message(error: &serde_json::Error, line: &[u8]) -> String {
    let message = json_row::message(error, line);
    if message.starts_with("key `") {
        message
    } else if line.trim_ascii_start().starts_with(b"[") {
        format!(
            "expected a JSON object on every line, found a list: {message}; \
             `jq -c '.[]' FILE` writes each object of a list on a line of its own"
        )
    } else if !line.trim_ascii_start().starts_with(b"{") && error.is_syntax() {
        format!("expected a JSON object on every line, found other text: {message}")
    } else {
        message
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
