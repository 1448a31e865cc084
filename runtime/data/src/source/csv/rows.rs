//! The slow path: reads row by row through the `csv` crate, and reports errors.

use std::{
    io::{self, SeekFrom},
    marker::PhantomData,
    sync::Arc,
};

use csv::{ByteRecord, ReaderBuilder, StringRecord};
use multi_input_base::Result;
use multi_input_cells::{file::only_numbers, Markers};
use serde::de::DeserializeOwned;

use super::{
    super::{
        file::{TextFile, BUFFER},
        pieces::Piece,
    },
    dialect::Dialect,
    errors::Errors,
    is_untidy,
    window::Window,
};

/// The rows of a file from a byte offset on.
pub(super) struct Rows<R> {
    reader: csv::Reader<Window>,
    /// The names of the columns.
    header: StringRecord,
    record: StringRecord,
    markers: Arc<Markers>,
    errors: Errors<R>,
    row: PhantomData<fn() -> R>,
}

impl<R: DeserializeOwned> Rows<R> {
    /// Starts at the first row. `None` for a blank file, which has no rows.
    pub(super) fn open(dialect: Dialect<R>) -> Result<Option<Rows<R>>> {
        let (window, delimiter) = dialect.open()?;
        let mut builder = ReaderBuilder::new();
        // Rows are compared with the names of the columns, which the reader may not have seen.
        let builder = builder.has_headers(false).flexible(true).delimiter(delimiter);
        let reader = builder.buffer_capacity(BUFFER).from_reader(window);
        let Dialect { form, markers, .. } = &dialect;
        let (names, markers) = (form.names.clone(), markers.clone());
        let errors = Errors::new(dialect, delimiter);
        let (header, record) = (StringRecord::new(), StringRecord::new());
        let mut rows = Rows { reader, header, record, markers, errors, row: PhantomData };
        match names {
            Some(names) => rows.set_names(&names),
            None => rows.read_names(),
        }
        .map(|has_rows| has_rows.then_some(rows))
    }

    /// Reads the line of names. Returns whether there is one.
    fn read_names(&mut self) -> Result<bool> {
        let Rows { reader, header, errors, .. } = self;
        let has_names = reader.read_record(header);
        errors.check_end(reader, header.position())?;
        if !has_names.map_err(|error| errors.of_header(error))? {
            return Ok(false);
        }
        header.trim();
        let names: Vec<&str> = header.iter().collect();
        match only_numbers(&names, errors.delimiter) {
            Some(problem) => Err(errors.of_names(problem, header)),
            None => Ok(true),
        }
    }

    /// Sets the names of a file without a line of them. Returns whether there are rows.
    fn set_names(&mut self, names: &[String]) -> Result<bool> {
        self.header = names.iter().collect();
        let mut first = ByteRecord::new();
        let start = self.reader.position().clone();
        let has_rows = self.reader.read_byte_record(&mut first);
        let has_rows = has_rows.map_err(|error| self.errors.of_header(error))?;
        first.trim();
        if has_rows && first == *self.header.as_byte_record() {
            let problem =
                "expected a row, because `.names([..])` says that the file has no line of \
                           column names, found the names; leave `.names([..])` away";
            return Err(self.errors.of_names(problem.to_owned(), &self.header));
        }
        self.seek_to(start.byte()).map_err(|error| self.file().unreadable(error))?;
        Ok(has_rows)
    }
}

impl<R> Rows<R> {
    /// Continues with the rows of a piece of the file, and ends with them.
    pub(super) fn restrict_to(&mut self, piece: &Piece) -> Result<()> {
        let text = self.dialect().text_within(piece.bytes.clone(), self.delimiter());
        let started = text.and_then(|text| {
            self.window().continue_with(text, piece.before);
            self.seek_to(piece.before)
        });
        started.map_err(|error| self.file().unreadable(error))
    }

    pub(super) fn dialect(&self) -> &Dialect<R> {
        &self.errors.dialect
    }

    pub(super) fn file(&self) -> &TextFile {
        self.errors.file()
    }

    pub(super) fn delimiter(&self) -> u8 {
        self.errors.delimiter
    }

    pub(super) fn markers(&self) -> &Arc<Markers> {
        &self.markers
    }

    /// The text that is being read.
    pub(super) fn text(&self) -> &Window {
        self.reader.get_ref()
    }

    /// The text that is being read.
    pub(super) fn window(&mut self) -> &mut Window {
        self.reader.get_mut()
    }

    /// Whether the file cannot be read any further.
    pub(super) fn have_ended(&self) -> bool {
        self.errors.ended
    }

    pub(super) fn header(&self) -> &StringRecord {
        &self.header
    }

    /// The byte offset in the text of the next row.
    pub(super) fn offset(&self) -> u64 {
        self.reader.position().byte()
    }

    /// Continues with the row at a byte offset of the text, which has not been released.
    pub(super) fn seek_to(&mut self, offset: u64) -> io::Result<()> {
        let mut position = self.reader.position().clone();
        position.set_byte(offset);
        self.reader.seek_raw(SeekFrom::Start(offset), position).map_err(io::Error::other)
    }
}

/// Number of bytes of read rows that are kept before they are released.
const MAX_KEPT: usize = 1 << 18;

impl<R: DeserializeOwned> Iterator for Rows<R> {
    type Item = Result<R>;

    fn next(&mut self) -> Option<Result<R>> {
        let Rows { reader, header, record, markers, errors, .. } = self;
        if errors.ended {
            return None;
        }
        let offset = reader.position().byte();
        if reader.get_ref().releasable(offset) > MAX_KEPT {
            reader.get_mut().release(offset);
        }
        let read = reader.read_record(record);
        // A row that an open quote makes of several rows usually has too few cells, so this check
        // comes first.
        let start = read.as_ref().map_or_else(csv::Error::position, |_| record.position());
        if let Err(error) = errors.check_end(reader, start) {
            return Some(Err(error));
        }
        let mut repeats_header = false;
        let row = match read {
            Ok(false) => return None,
            Ok(true) if record.len() != header.len() => {
                return Some(Err(errors.of_width(header, record)));
            }
            Ok(true) => {
                trim(record);
                repeats_header = repeats_names(record, header);
                without_markers(record, markers);
                errors.file().within_folder(|| record.deserialize::<R>(Some(header)))
            }
            Err(error) => Err(error),
        };
        Some(match row {
            Ok(_) if repeats_header => Err(errors.of_repeated_names(record)),
            Ok(row) => Ok(row),
            Err(error) => Err(errors.of_row(error, header, record)),
        })
    }
}

/// Whether a row is the line of names once more. In a single column it may be a value.
fn repeats_names(record: &StringRecord, names: &StringRecord) -> bool {
    names.len() > 1 && record == names
}

/// Trims the cells if necessary. The reader's own trimming copies every record.
fn trim(record: &mut StringRecord) {
    if record.iter().any(is_untidy) {
        record.trim();
    }
}

/// Empties the cells that are markers of missing values.
fn without_markers(record: &mut StringRecord, markers: &Markers) {
    if !markers.is_empty() && record.iter().any(|cell| markers.contain(cell)) {
        let cells = record.iter().map(|cell| if markers.contain(cell) { "" } else { cell });
        let mut emptied: StringRecord = cells.collect();
        emptied.set_position(record.position().cloned());
        *record = emptied;
    }
}
