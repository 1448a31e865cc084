//! The slow path: reads row by row through the `csv` crate, and reports errors.

use std::{
    io::{self, SeekFrom},
    marker::PhantomData,
};

use csv::{ReaderBuilder, StringRecord, Trim};
use multi_input_base::Result;
use serde::de::DeserializeOwned;

use super::{
    super::file::{Reader, TextFile, BUFFER},
    errors::Errors,
    is_untidy, Csv,
};

/// The rows of a file from a byte offset on.
pub(super) struct Rows<R> {
    reader: csv::Reader<Reader>,
    /// The names of the columns.
    header: StringRecord,
    record: StringRecord,
    errors: Errors,
    /// Length of the byte order mark.
    bom_len: u64,
    /// Length of the text in bytes.
    length: u64,
    row: PhantomData<fn() -> R>,
}

impl<R> Rows<R> {
    /// Starts at the first row.
    pub(super) fn open(csv: &Csv<R>) -> Result<Rows<R>> {
        let Csv { file, delimiter, .. } = csv;
        file.check("a table of texts whose first line names the columns")?;
        let (reader, bom_len) = file.open()?;
        let length = file.length()?.saturating_sub(bom_len);
        let mut builder = ReaderBuilder::new();
        let builder = builder.trim(Trim::Headers).delimiter(*delimiter);
        let mut reader = builder.buffer_capacity(BUFFER).from_reader(reader);
        let mut errors = Errors::new(file, *delimiter);
        let header = reader.headers().map_err(|error| errors.of_header(error))?.clone();
        if header.is_empty() {
            let message = "expected a line of column names, found an empty file";
            return Err(file.refuse(1, message));
        }
        if reader.position().byte() >= length {
            errors.check_end(header.position())?;
        }
        let record = StringRecord::new();
        Ok(Rows { reader, header, record, errors, bom_len, length, row: PhantomData })
    }

    pub(super) fn file(&self) -> &TextFile {
        &self.errors.file
    }

    pub(super) fn delimiter(&self) -> u8 {
        self.errors.delimiter
    }

    /// Length of the text in bytes.
    pub(super) fn length(&self) -> u64 {
        self.length
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

    /// Continues with the row at a byte offset of the text.
    pub(super) fn seek_to(&mut self, offset: u64) -> io::Result<()> {
        let mut position = self.reader.position().clone();
        position.set_byte(offset);
        let from = SeekFrom::Start(self.bom_len + offset);
        self.reader.seek_raw(from, position).map_err(io::Error::other)
    }
}

impl<R: DeserializeOwned> Iterator for Rows<R> {
    type Item = Result<R>;

    fn next(&mut self) -> Option<Result<R>> {
        let Rows { reader, header, record, errors, .. } = self;
        if errors.ended {
            return None;
        }
        let read = reader.read_record(record);
        if reader.position().byte() >= self.length {
            // A row that an open quote makes of several rows usually has too few cells, so this
            // check comes first.
            let last = read.as_ref().map_or_else(csv::Error::position, |_| record.position());
            if let Err(error) = errors.check_end(last) {
                return Some(Err(error));
            }
        }
        let row = match read {
            Ok(false) => return None,
            Ok(true) => {
                trim(record);
                errors.file.within_folder(|| record.deserialize::<R>(Some(header)))
            }
            Err(error) => Err(error),
        };
        Some(row.map_err(|error| errors.of_row(error, header, record)))
    }
}

/// Trims the cells if necessary. The reader's own trimming copies every record.
fn trim(record: &mut StringRecord) {
    if record.iter().any(is_untidy) {
        record.trim();
    }
}
