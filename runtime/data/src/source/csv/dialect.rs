//! Opens a CSV file in the form that is declared or detected.

use std::{
    io::{self, Read},
    marker::PhantomData,
    ops::Range,
    sync::Arc,
};

use csv::StringRecord;
use multi_input_base::Result;
use multi_input_cells::{
    file::{
        delimiters, open_table, records, table_start, without_comments, TableForm, TextStart,
        Unreadable,
    },
    says_missing, Markers,
};
use serde::de::DeserializeOwned;

use super::{
    super::file::{Lines, TextFile},
    errors::of_cell,
    scan::RowScan,
    window::Window,
};

/// Number of bytes at the start of a text by which its delimiter is detected.
const START: usize = 1 << 16;

const EXPECTED: &str = "a table of texts whose first line names the columns";

/// A CSV file and how it is written.
pub(super) struct Dialect<R> {
    pub(super) file: TextFile,
    pub(super) form: Arc<TableForm>,
    pub(super) markers: Arc<Markers>,
    pub(super) row: PhantomData<fn() -> R>,
}

impl<R: DeserializeOwned> Dialect<R> {
    /// The text of the file, and its delimiter.
    pub(super) fn open(&self) -> Result<(Window, u8)> {
        let table = self.file.open(EXPECTED, |file| open_table(file, &self.form))?;
        let mut window = Window::new(table.text);
        if let Some(delimiter) = table.delimiter {
            return Ok((window, delimiter));
        }
        let is_whole = window.fill(0, START).map_err(|error| self.file.unreadable(error))?;
        let delimiter = self.delimiter(window.bytes_from(0), is_whole)?;
        let window = match self.form.comment {
            Some(comment) => Window::new(without_comments(window, comment, delimiter)),
            None => window,
        };
        Ok((window, delimiter))
    }

    /// Detects the delimiter of a text that begins with `start`.
    fn delimiter(&self, start: &[u8], is_whole: bool) -> Result<u8> {
        let TableForm { names, comment, .. } = &*self.form;
        let width = names.as_ref().map(Vec::len);
        let possible = delimiters(start, *comment, width, is_whole);
        let [first, _, ..] = possible[..] else {
            return Ok(possible.first().copied().unwrap_or(b','));
        };
        let mut fitting =
            possible.iter().filter(|&&delimiter| self.finds_columns(start, is_whole, delimiter));
        match (fitting.next(), fitting.next()) {
            (Some(one), Some(other)) => {
                let [one, other] = [one, other].map(|delimiter| char::from(*delimiter));
                Err(self.file.refuse(
                    1,
                    format!(
                        "expected a table, found that `{one}` and `{other}` both divide its lines \
                         into columns of the model; `.delimiter(b'{one}')` says which one does"
                    ),
                ))
            }
            (Some(one), None) => Ok(*one),
            (None, _) => Ok(first),
        }
    }

    /// Whether a delimiter divides the first lines into the columns of a row.
    fn finds_columns(&self, start: &[u8], is_whole: bool, delimiter: u8) -> bool {
        let mut rows = records(start, delimiter, self.form.comment, is_whole)
            .map(|row| row.cells.iter().collect::<StringRecord>());
        let header = match &self.form.names {
            Some(names) => Some(names.iter().collect()),
            None => rows.next(),
        };
        // Without rows there is nothing that could be read wrongly.
        let (Some(header), Some(row)) = (header, rows.next()) else { return false };
        let read = self.file.within_folder(|| row.deserialize::<R>(Some(&header)));
        !read.is_err_and(|error| match error.into_kind() {
            csv::ErrorKind::Deserialize { err, .. } => says_missing(&of_cell(&err, &header, &row)),
            _ => true,
        })
    }
}

impl<R> Dialect<R> {
    /// Where the table begins in the file; `None` where the text does not have the file's bytes.
    pub(super) fn start_in_file(&self) -> Result<Option<TextStart>> {
        self.file.inspect(EXPECTED, |file| table_start(|| file.bytes(), &self.form))
    }

    /// Where rows begin in the file, from a start of the table on.
    pub(super) fn scan(&self, delimiter: u8, start: TextStart) -> RowScan {
        let TableForm { names, comment, .. } = &*self.form;
        let TextStart { byte, removed } = start;
        RowScan { delimiter, comment: *comment, has_names: names.is_none(), byte, removed }
    }

    /// The text of some rows, which have these bytes in the file.
    pub(super) fn text_within(
        &self,
        bytes: Range<u64>,
        delimiter: u8,
    ) -> io::Result<Box<dyn Read>> {
        let text = self.file.bytes_within(bytes)?;
        Ok(match self.form.comment {
            Some(comment) => without_comments(text, comment, delimiter),
            None => Box::new(text),
        })
    }

    /// Finds lines in the text that [`open`](Dialect::open) gives.
    pub(super) fn lines(&self, delimiter: u8) -> Lines {
        let (file, form) = (self.file.clone(), self.form.clone());
        Lines::new(Box::new(move || {
            let open = |bytes| -> std::result::Result<_, Unreadable> {
                let table = open_table(bytes, &form)?;
                Ok(match (table.delimiter, form.comment) {
                    (None, Some(comment)) => without_comments(table.text, comment, delimiter),
                    _ => table.text,
                })
            };
            file.open(EXPECTED, open).ok()
        }))
    }

    /// The first bytes of the text.
    pub(super) fn start(&self) -> Vec<u8> {
        let Ok(table) = self.file.open(EXPECTED, |bytes| open_table(bytes, &self.form)) else {
            return Vec::new();
        };
        let mut window = Window::new(table.text);
        // What cannot be read is missing in an error message alone.
        let _ = window.fill(0, START);
        window.bytes_from(0).to_vec()
    }
}
