//! The first rows of a data file, for a check while a crate compiles.
//!
//! A sample is read in a compiler's process, which users wait for: it is bounded in rows, bytes and
//! time, and says where it stopped.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read as _},
    path::Path,
    time::{Duration, Instant},
};

use multi_input_base::quote::Quoted;
use serde::Deserialize;

use crate::Cell;

/// Bounds of a sample, of which the first that is reached ends it.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Number of rows.
    pub rows: usize,
    /// Number of bytes of the file.
    pub bytes: usize,
    /// Time for reading.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { rows: 10_000, bytes: 16 << 20, time: Duration::from_millis(500) }
    }
}

/// How a text file is written.
#[derive(Clone, Debug, Default)]
pub struct SampleOptions {
    /// The delimiter; `None` to find it.
    pub delimiter: Option<u8>,
    /// The names of the columns, for a file without a line of names.
    pub names: Option<Vec<String>>,
    /// Texts that denote a missing value in every column.
    pub missing: Vec<String>,
}

/// The first rows of a file.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// Names of the columns: for objects, every key in order of appearance.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<SampleRow>,
    /// Whether the file has more rows.
    pub is_cut: bool,
    /// Whether the rows are objects, which may lack keys.
    pub has_objects: bool,
}

/// A row of a sample.
#[derive(Clone, Debug, Default)]
pub struct SampleRow {
    /// The line of the file where the row begins, from 1.
    pub line: u64,
    /// The cell of each column; `None` for a key that an object lacks. Columns after the last one
    /// are lacking as well.
    pub cells: Vec<Option<Cell<'static>>>,
}

impl SampleRow {
    /// The cell of a column.
    pub fn cell(&self, column: usize) -> Option<&Cell<'static>> {
        self.cells.get(column)?.as_ref()
    }
}

/// Why no sample could be read.
#[derive(Debug)]
pub enum SampleError {
    /// The file is not there.
    Absent,
    /// The file cannot be read.
    Unreadable(io::Error),
    /// A line, from 1, is not what it should be.
    Line(u64, String),
}

/// Reads the first rows of a file: JSON lines if its name ends in `.jsonl`, `.ndjson` or `.json`,
/// else a table of texts with a delimiter.
///
/// # Errors
/// If there is no file, it cannot be read, or a line cannot be read.
pub fn sample(
    path: &Path,
    options: &SampleOptions,
    limits: &Limits,
) -> Result<Sample, SampleError> {
    let (bytes, is_cut) = beginning(path, limits.bytes).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => SampleError::Absent,
        _ => SampleError::Unreadable(error),
    })?;
    let text = match std::str::from_utf8(&bytes) {
        Ok(text) => text,
        // The cut may be within a character.
        Err(error) if is_cut && error.error_len().is_none() => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(error) => {
            let line = 1 + bytes[..error.valid_up_to()].iter().filter(|b| **b == b'\n').count();
            let message = "expected UTF-8 text, found other bytes".to_owned();
            return Err(SampleError::Line(line as u64, message));
        }
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // Of a file that is cut, the last line may be half a row.
    let text = match (is_cut, text.rfind('\n')) {
        (true, Some(end)) => &text[..=end],
        _ => text,
    };
    let reading = Reading { limits, until: Instant::now() + limits.time, is_cut };
    let extension = path.extension().and_then(|extension| extension.to_str());
    match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("jsonl" | "ndjson" | "json") => reading.objects(text),
        Some("tsv" | "tab") if options.delimiter.is_none() => {
            reading.table(text, &SampleOptions { delimiter: Some(b'\t'), ..options.clone() })
        }
        _ => reading.table(text, options),
    }
}

/// At most `limit` bytes of a file, and whether it has more.
fn beginning(path: &Path, limit: usize) -> io::Result<(Vec<u8>, bool)> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    let is_cut = bytes.len() > limit;
    bytes.truncate(limit);
    Ok((bytes, is_cut))
}

/// The bounds while a text is read.
struct Reading<'a> {
    limits: &'a Limits,
    until: Instant,
    /// Whether the text is only the beginning of the file.
    is_cut: bool,
}

impl Reading<'_> {
    /// Whether a bound is reached.
    fn has_ended(&self, rows: usize) -> bool {
        // The clock is looked at once in a while, because that takes as long as a row.
        rows >= self.limits.rows || rows % 256 == 255 && Instant::now() > self.until
    }

    fn objects(&self, text: &str) -> Result<Sample, SampleError> {
        let mut sample = Sample { is_cut: self.is_cut, has_objects: true, ..Sample::default() };
        let mut columns: HashMap<String, usize> = HashMap::new();
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            if self.has_ended(sample.rows.len()) {
                sample.is_cut = true;
                break;
            }
            let number = index as u64 + 1;
            let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line)
                .map_err(|error| {
                    SampleError::Line(number, format!("expected a JSON object, found {error}"))
                })?;
            let mut row = SampleRow { line: number, cells: vec![None; columns.len()] };
            for (key, value) in object {
                let next = columns.len();
                let column = *columns.entry(key).or_insert_with_key(|key| {
                    sample.columns.push(key.clone());
                    next
                });
                if row.cells.len() <= column {
                    row.cells.resize(column + 1, None);
                }
                row.cells[column] = Cell::deserialize(value).ok();
            }
            sample.rows.push(row);
        }
        Ok(sample)
    }

    fn table(&self, text: &str, options: &SampleOptions) -> Result<Sample, SampleError> {
        let delimiter = options.delimiter.unwrap_or_else(|| most_frequent_delimiter(text));
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        let mut record = csv::StringRecord::new();
        let mut sample = Sample { is_cut: self.is_cut, ..Sample::default() };
        match &options.names {
            Some(names) => sample.columns.clone_from(names),
            None => {
                let read = reader.read_record(&mut record);
                if !read.map_err(|error| unread(&error))? {
                    return Err(SampleError::Line(
                        1,
                        "expected a line of column names, found an empty file".to_owned(),
                    ));
                }
                sample.columns = record.iter().map(|name| name.trim().to_owned()).collect();
            }
        }
        let missing: Vec<&str> = options.missing.iter().map(String::as_str).collect();
        while reader.read_record(&mut record).map_err(|error| unread(&error))? {
            if self.has_ended(sample.rows.len()) {
                sample.is_cut = true;
                break;
            }
            let line = record.position().map_or(0, csv::Position::line);
            if record.len() != sample.columns.len() {
                let message = format!(
                    "expected {} cells as in the first line, found {}",
                    sample.columns.len(),
                    record.len()
                );
                return Err(SampleError::Line(line, message));
            }
            let cell = |text: &str| match Cell::of_string(text.to_owned()) {
                Cell::Text(text) if crate::is_marker(&text, &missing) => Cell::Blank,
                cell => cell,
            };
            let cells = record.iter().map(|text| Some(cell(text))).collect();
            sample.rows.push(SampleRow { line, cells });
        }
        Ok(sample)
    }
}

fn unread(error: &csv::Error) -> SampleError {
    let line = error.position().map_or(1, csv::Position::line);
    SampleError::Line(line, Quoted(error.to_string()).to_string())
}

/// The delimiter that is most frequent in the first line.
fn most_frequent_delimiter(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or_default();
    let count = |delimiter: &u8| first.bytes().filter(|byte| byte == delimiter).count();
    // Of several that are as frequent, a comma.
    b"|\t;,".iter().copied().max_by_key(|delimiter| count(delimiter)).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn of(name: &str, text: &str, limits: Limits) -> Result<Sample, SampleError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        File::create(&path).unwrap().write_all(text.as_bytes()).unwrap();
        sample(&path, &SampleOptions::default(), &limits)
    }

    #[test]
    fn tables_are_read_with_the_delimiter_that_they_have() {
        for (name, text) in [
            ("a.csv", "\u{feff}a,b\n1, x \n\"2\n\",\n"),
            ("a.csv", "a;b\n1;x\n2;\n"),
            ("a.tsv", "a\tb\n1\tx\n2\t\n"),
        ] {
            let sample = of(name, text, Limits::default()).unwrap();
            assert_eq!(sample.columns, ["a", "b"]);
            assert_eq!(sample.rows[0].cells[1], Some(Cell::Text("x".into())));
            assert_eq!(sample.rows[1].cells, [Some(Cell::Text("2".into())), Some(Cell::Blank)]);
            assert_eq!(sample.rows[1].line, 3);
            assert!(!sample.is_cut);
        }
    }

    #[test]
    fn objects_may_lack_keys() {
        let text = "{\"a\": 1, \"b\": null}\n\n{\"c\": [1], \"a\": \"x\"}\n";
        let sample = of("a.jsonl", text, Limits::default()).unwrap();
        assert_eq!(sample.columns, ["a", "b", "c"]);
        assert_eq!(sample.rows[0].cell(1), Some(&Cell::Blank));
        assert_eq!(sample.rows[0].cell(2), None);
        assert_eq!(sample.rows[1].cell(1), None);
        assert_eq!(sample.rows[1].line, 3);
    }

    #[test]
    fn a_sample_ends_at_its_limits() {
        let text: String = std::iter::once("a,b\n".to_owned())
            .chain((0..100).map(|row| format!("{row},\u{e9}\u{e9}\n")))
            .collect();
        let rows = of("a.csv", &text, Limits { rows: 10, ..Limits::default() }).unwrap();
        assert_eq!((rows.rows.len(), rows.is_cut), (10, true));
        for bytes in 4..text.len() {
            let cut = of("a.csv", &text, Limits { bytes, ..Limits::default() }).unwrap();
            assert!(cut.is_cut && cut.rows.len() < 100);
        }
        let whole = of("a.csv", &text, Limits { bytes: text.len(), ..Limits::default() }).unwrap();
        assert_eq!((whole.rows.len(), whole.is_cut), (100, false));
        assert!(matches!(
            sample(Path::new("nowhere.csv"), &SampleOptions::default(), &Limits::default()),
            Err(SampleError::Absent)
        ));
        assert!(matches!(of("a.csv", "a,b\n1\n", Limits::default()), Err(SampleError::Line(2, _))));
        assert!(matches!(of("a.jsonl", "[1]\n", Limits::default()), Err(SampleError::Line(1, _))));
    }
}
