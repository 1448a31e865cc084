//! The first rows of a data file, for a check while a crate compiles.
//!
//! A sample is read in a compiler's process, which users wait for: it is bounded in rows, bytes and
//! time, and says where it stopped.

#[cfg(feature = "parquet")]
mod parquet;
mod table;

use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read as _},
    path::Path,
    time::{Duration, Instant},
};

use serde::Deserialize;

use self::table::{cell_text, RowReader, Table};

use crate::{
    file::{delimiters, open_table, records, Delimiter, TableForm, Unreadable},
    Cell, Markers,
};

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

/// How a data file is written.
#[derive(Clone, Debug, Default)]
pub struct SampleOptions {
    /// The form of a table.
    pub form: TableForm,
    /// Texts that denote a missing value in every column.
    pub missing: Vec<String>,
    /// Names of columns that are looked for: of several delimiters that fit, the one under which most
    /// of them are found is taken.
    pub wanted: Vec<String>,
}

/// The first rows of a file.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// Names of the columns: for objects, every key in order of appearance.
    pub columns: Vec<String>,
    /// Whether the file has more rows.
    pub is_cut: bool,
    /// The line of the file where each row begins, from 1; of a file without lines, the index of
    /// each row, from 0.
    lines: Vec<u64>,
    missing: Markers,
    rows: Rows,
}

#[derive(Clone, Debug)]
enum Rows {
    Table(Table),
    /// The cells of each row; `None` for a key that an object lacks. Columns after the last one are
    /// lacking as well.
    Objects(Vec<Vec<Option<Cell<'static>>>>),
    /// The cells of each row of a file with typed columns.
    #[cfg_attr(not(feature = "parquet"), allow(dead_code))]
    Typed(Vec<Vec<Cell<'static>>>),
}

impl Default for Rows {
    fn default() -> Rows {
        Rows::Table(Table::default())
    }
}

impl Sample {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Whether the rows are objects, which may lack keys.
    pub fn has_objects(&self) -> bool {
        matches!(self.rows, Rows::Objects(_))
    }

    /// Where a row stands in the file: `line 6`, or `row 4` of a file without lines, from 0.
    pub fn place(&self, row: usize) -> String {
        let number = self.lines.get(row).copied().unwrap_or_default();
        match self.rows {
            Rows::Typed(_) => format!("row {number}"),
            Rows::Table(_) | Rows::Objects(_) => format!("line {number}"),
        }
    }

    /// The trimmed text of a cell of a table.
    pub fn text(&self, row: usize, column: usize) -> Option<&str> {
        let Rows::Table(table) = &self.rows else { return None };
        let bounds = table.bounds.get(row * self.columns.len() + column)?;
        let text = cell_text(&table.text, &table.unquoted, *bounds);
        // Most cells have nothing to trim, which their first and last bytes say.
        let is_tidy = |byte: Option<&u8>| byte.is_some_and(|byte| (b'!'..=b'~').contains(byte));
        let bytes = text.as_bytes();
        Some(if is_tidy(bytes.first()) && is_tidy(bytes.last()) { text } else { text.trim() })
    }

    /// A cell; `None` for a key that an object lacks.
    pub fn cell(&self, row: usize, column: usize) -> Option<Cell<'_>> {
        let cell = match &self.rows {
            Rows::Objects(rows) => rows.get(row)?.get(column)?.clone()?,
            Rows::Typed(rows) => rows.get(row)?.get(column)?.clone(),
            Rows::Table(_) => Cell::of_text(self.text(row, column)?),
        };
        Some(match &cell {
            Cell::Text(text) if self.missing.contain(text) => Cell::Blank,
            _ => cell,
        })
    }

    /// Whether some texts denote a missing value in every column.
    pub fn has_markers(&self) -> bool {
        !self.missing.is_empty()
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
    /// The file cannot be read as what it is.
    Format(String),
}

/// Reads the first rows of a file: JSON lines if its name ends in `.jsonl`, `.ndjson` or `.json`,
/// Parquet (with the feature `parquet`) if it ends in `.parquet`, else a table of texts with a
/// delimiter.
///
/// # Errors
/// If there is no file, it cannot be read, or a line cannot be read.
pub fn sample(
    path: &Path,
    options: &SampleOptions,
    limits: &Limits,
) -> Result<Sample, SampleError> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_lowercase();
    let extension = name.trim_end_matches(".gz").trim_end_matches(".zst");
    let has_objects = [".jsonl", ".ndjson", ".json"].iter().any(|end| extension.ends_with(end));
    if extension.ends_with(".parquet") {
        let mut sample = typed(path, limits)?;
        sample.missing = Markers::new(options.missing.clone());
        return Ok(sample);
    }
    let mut form = options.form.clone();
    if form.delimiter == Delimiter::Detected && extension.ends_with(".tsv") {
        form.delimiter = Delimiter::Byte(b'\t');
    }
    let Beginning { bytes, is_cut, delimiter } = beginning(path, &form, limits.bytes)?;
    let mut text = utf8(bytes, is_cut)?;
    // Lines that end with CR alone, as old programs write them.
    if !text.contains('\n') {
        text = text.replace('\r', "\n");
    }
    // Of a file that is cut, the last line may be half a row.
    if let Some(end) = text.rfind('\n').filter(|_| is_cut) {
        text.truncate(end + 1);
    }
    let reading = Reading { limits, until: Instant::now() + limits.time, is_cut };
    match has_objects {
        true => {
            let missing = Markers::new(options.missing.clone());
            Ok(Sample { missing, ..reading.objects(&text)? })
        }
        false => {
            let names = form.names.as_ref().map(Vec::len);
            let fitting = || delimiters(text.as_bytes(), form.comment, names, !is_cut);
            let found = |delimiter: &u8| wanted_columns(&text, *delimiter, &form, &options.wanted);
            // Of several that are as good, the first one.
            let best = || fitting().into_iter().rev().max_by_key(found);
            let delimiter = delimiter.or_else(best).unwrap_or(b',');
            let missing = Markers::new(options.missing.clone());
            Ok(Sample { missing, ..reading.table(text, delimiter, &form)? })
        }
    }
}

/// Number of wanted columns that the first row names.
fn wanted_columns(text: &str, delimiter: u8, form: &TableForm, wanted: &[String]) -> usize {
    let mut rows = records(text.as_bytes(), delimiter, form.comment, false);
    let names = rows.next().map(|row| row.cells).unwrap_or_default();
    wanted.iter().filter(|wanted| names.iter().any(|name| name == *wanted)).count()
}

#[cfg(feature = "parquet")]
fn typed(path: &Path, limits: &Limits) -> Result<Sample, SampleError> {
    parquet::sample(path, limits)
}

#[cfg(not(feature = "parquet"))]
fn typed(path: &Path, _: &Limits) -> Result<Sample, SampleError> {
    match path.exists() {
        true => Err(SampleError::Format("a Parquet file needs the feature `parquet`".to_owned())),
        false => Err(SampleError::Absent),
    }
}

/// The text of a file, or of its beginning, which may be cut within a character.
fn utf8(bytes: Vec<u8>, is_cut: bool) -> Result<String, SampleError> {
    String::from_utf8(bytes).or_else(|error| {
        let (valid, cause) = (error.utf8_error().valid_up_to(), error.utf8_error());
        let mut bytes = error.into_bytes();
        if !(is_cut && cause.error_len().is_none()) {
            let line = 1 + bytes[..valid].iter().filter(|byte| **byte == b'\n').count();
            let message = "expected UTF-8 text, found other bytes".to_owned();
            return Err(SampleError::Line(line as u64, message));
        }
        bytes.truncate(valid);
        Ok(String::from_utf8(bytes).unwrap_or_default())
    })
}

/// The beginning of a file as UTF-8.
struct Beginning {
    bytes: Vec<u8>,
    /// Whether the file has more.
    is_cut: bool,
    /// The delimiter, where the form or the file declares it.
    delimiter: Option<u8>,
}

/// At most `limit` bytes of the text of a file.
fn beginning(path: &Path, form: &TableForm, limit: usize) -> Result<Beginning, SampleError> {
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => SampleError::Absent,
        _ => SampleError::Unreadable(error),
    };
    let file = File::open(path).map_err(unreadable)?;
    let table = open_table(file, form).map_err(|error| match error {
        Unreadable::Io(error) => SampleError::Unreadable(error),
        Unreadable::Refused(found) => {
            SampleError::Line(1, format!("expected a text file, {found}"))
        }
    })?;
    let mut bytes = Vec::new();
    let read = table.text.take(limit as u64 + 1).read_to_end(&mut bytes);
    read.map_err(SampleError::Unreadable)?;
    let is_cut = bytes.len() > limit;
    bytes.truncate(limit);
    Ok(Beginning { bytes, is_cut, delimiter: table.delimiter })
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
        let mut sample = Sample { is_cut: self.is_cut, ..Sample::default() };
        let mut positions: HashMap<String, usize> = HashMap::new();
        let mut rows = Vec::new();
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            if self.has_ended(rows.len()) {
                sample.is_cut = true;
                break;
            }
            let number = index as u64 + 1;
            let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line)
                .map_err(|error| {
                    SampleError::Line(number, format!("expected a JSON object, found {error}"))
                })?;
            let mut cells = vec![None; positions.len()];
            for (key, value) in object {
                let next = positions.len();
                let position = *positions.entry(key).or_insert_with_key(|key| {
                    sample.columns.push(key.clone());
                    next
                });
                if cells.len() <= position {
                    cells.resize(position + 1, None);
                }
                cells[position] = Cell::deserialize(value).ok();
            }
            sample.lines.push(number);
            rows.push(cells);
        }
        sample.rows = Rows::Objects(rows);
        Ok(sample)
    }

    fn table(&self, text: String, delimiter: u8, form: &TableForm) -> Result<Sample, SampleError> {
        let mut table = Table::default();
        let mut sample = Sample { is_cut: self.is_cut, ..Sample::default() };
        let mut rows = RowReader {
            text: &text,
            delimiter,
            comment: form.comment,
            position: 0,
            line: 1,
            is_cut: self.is_cut,
        };
        match &form.names {
            Some(names) => sample.columns.clone_from(names),
            None => {
                rows.next(&mut table)?.ok_or_else(|| {
                    let message = "expected a line of column names, found an empty file";
                    SampleError::Line(1, message.to_owned())
                })?;
                let names =
                    table.bounds.iter().map(|&bounds| cell_text(&text, &table.unquoted, bounds));
                sample.columns = names.map(|name| name.trim().to_owned()).collect();
                table.bounds.clear();
            }
        }
        let width = sample.columns.len();
        while let Some(line) = rows.next(&mut table)? {
            let found = table.bounds.len() - sample.lines.len() * width;
            if found != width {
                let message = format!("expected {width} cells as in the first line, found {found}");
                return Err(SampleError::Line(line, message));
            }
            sample.lines.push(line);
            if self.has_ended(sample.lines.len()) {
                sample.is_cut |= rows.position < text.len();
                break;
            }
        }
        table.text = text;
        sample.rows = Rows::Table(table);
        Ok(sample)
    }
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
            ("a.csv", "a;b\r1;x\r2;"),
            ("a.tsv", "a\tb\n1\tx\n2\t\n"),
        ] {
            let sample = of(name, text, Limits::default()).unwrap();
            assert_eq!(sample.columns, ["a", "b"]);
            assert_eq!(sample.cell(0, 1), Some(Cell::Text("x".into())));
            assert_eq!(sample.cell(1, 0), Some(Cell::Text("2".into())));
            assert_eq!(sample.cell(1, 1), Some(Cell::Blank));
            assert_eq!(sample.place(1), "line 3");
            assert!(!sample.is_cut);
        }
    }

    #[cfg(feature = "compression")]
    #[test]
    fn compressed_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl.gz");
        let file = File::create(&path).unwrap();
        let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        encoder.write_all(b"{\"a\": 1}\n").unwrap();
        encoder.finish().unwrap();
        let sample = sample(&path, &SampleOptions::default(), &Limits::default()).unwrap();
        assert_eq!((sample.len(), &sample.columns[..]), (1, &["a".to_owned()][..]));
    }

    #[test]
    fn quoted_cells_are_those_of_the_csv_crate() {
        let text = "a,b\n\"x, 1\",2\n3,\"y\n\"\"z\"\"\"\n\n5,6\n\"7\",\"8\"";
        for end in ["\n", "\r\n"] {
            let sample = of("a.csv", &text.replace('\n', end), Limits::default()).unwrap();
            let texts = |column| (0..sample.len()).map(move |row| (row, column));
            let texts = |column| -> Vec<String> {
                texts(column)
                    .map(|(row, c)| sample.text(row, c).unwrap().replace('\r', ""))
                    .collect()
            };
            assert_eq!(texts(0), ["x, 1", "3", "5", "7"]);
            assert_eq!(texts(1), ["2", "y\n\"z\"", "6", "8"]);
            assert_eq!(
                (0..4).map(|row| sample.place(row)).collect::<Vec<_>>(),
                ["line 2", "line 3", "line 6", "line 7"]
            );
        }
    }

    #[test]
    fn objects_may_lack_keys() {
        let text = "{\"a\": 1, \"b\": null}\n\n{\"c\": [1], \"a\": \"x\"}\n";
        let sample = of("a.jsonl", text, Limits::default()).unwrap();
        assert_eq!(sample.columns, ["a", "b", "c"]);
        assert_eq!(sample.cell(0, 1), Some(Cell::Blank));
        assert_eq!(sample.cell(0, 2), None);
        assert_eq!(sample.cell(1, 1), None);
        assert_eq!(sample.place(1), "line 3");
    }

    #[test]
    fn a_sample_ends_at_its_limits() {
        let text: String = std::iter::once("a,b\n".to_owned())
            .chain((0..100).map(|row| format!("{row},\u{e9}\u{e9}\n")))
            .collect();
        let rows = of("a.csv", &text, Limits { rows: 10, ..Limits::default() }).unwrap();
        assert_eq!((rows.len(), rows.is_cut), (10, true));
        for bytes in 4..text.len() {
            let cut = of("a.csv", &text, Limits { bytes, ..Limits::default() }).unwrap();
            assert!(cut.is_cut && cut.len() < 100);
        }
        let whole = of("a.csv", &text, Limits { bytes: text.len(), ..Limits::default() }).unwrap();
        assert_eq!((whole.len(), whole.is_cut), (100, false));
        assert!(matches!(
            sample(Path::new("nowhere.csv"), &SampleOptions::default(), &Limits::default()),
            Err(SampleError::Absent)
        ));
        assert!(matches!(of("a.csv", "a,b\n1\n", Limits::default()), Err(SampleError::Line(2, _))));
        assert!(matches!(of("a.jsonl", "[1]\n", Limits::default()), Err(SampleError::Line(1, _))));
    }
}
