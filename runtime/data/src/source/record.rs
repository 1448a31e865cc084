//! Rows of named and typed columns, as in databases and columnar files.

use std::{marker::PhantomData, path::Path, sync::Arc};

use multi_input_base::{Error, Result};
use multi_input_cells::{missing_column, Cell};
use serde::de::{
    value::{BytesDeserializer, MapAccessDeserializer},
    DeserializeOwned, DeserializeSeed, MapAccess,
};

use crate::{
    columns::{CellDeserializer, CellError},
    image::files as image_files,
};

/// The cells of a record by column name. The keys are byte strings, as those of the `csv` crate,
/// which marks them as columns of a table.
struct Record<'n, N, C> {
    names: N,
    cells: C,
    column: &'n str,
}

impl<'n, 'de, N, C> MapAccess<'de> for Record<'n, N, C>
where
    N: Iterator<Item = &'n str>,
    C: Iterator<Item = Cell<'de>>,
{
    type Error = CellError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> std::result::Result<Option<K::Value>, CellError> {
        let Some(name) = self.names.next() else { return Ok(None) };
        self.column = name;
        seed.deserialize(BytesDeserializer::new(name.as_bytes())).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> std::result::Result<V::Value, CellError> {
        let read =
            seed.deserialize(CellDeserializer::new(self.cells.next().unwrap_or(Cell::Blank)));
        read.map_err(|problem| CellError::Words(format!("column `{}`: {problem}", self.column)))
    }
}

/// Converts consecutive records to rows.
pub(super) struct Records<R> {
    /// Name of the database or path of the file, for errors.
    name: String,
    columns: Arc<[String]>,
    /// The folder that paths in rows are relative to.
    folder: Option<Arc<Path>>,
    row: u64,
    kind: PhantomData<fn() -> R>,
}

impl<R: DeserializeOwned> Records<R> {
    pub(super) fn new(name: impl Into<String>, columns: Arc<[String]>) -> Records<R> {
        Records { name: name.into(), columns, folder: None, row: 0, kind: PhantomData }
    }

    /// Sets the folder that paths in rows are relative to.
    pub(super) fn with_folder(self, folder: Option<Arc<Path>>) -> Records<R> {
        Records { folder, ..self }
    }

    /// The names of the columns.
    pub(super) fn columns(&self) -> impl Iterator<Item = &str> + Clone {
        self.columns.iter().map(String::as_str)
    }

    /// Advances the row number by rows that are read otherwise.
    pub(super) fn skip(&mut self, rows: u64) {
        self.row += rows;
    }

    /// Converts the next record to a row.
    pub(super) fn read<'a>(&mut self, record: impl IntoIterator<Item = Cell<'a>>) -> Result<R> {
        let row = self.row;
        self.row += 1;
        let record = Record { names: self.columns(), cells: record.into_iter(), column: "" };
        let read = || R::deserialize(MapAccessDeserializer::new(record));
        let read = match &self.folder {
            Some(folder) => image_files::from_folder(folder, read),
            None => read(),
        };
        read.map_err(|problem| Error::Record {
            database: self.name.clone(),
            row,
            message: match problem {
                CellError::Missing(column) => {
                    missing_column(column, self.columns(), self.columns())
                }
                CellError::Words(words) => words,
            },
        })
    }
}

/// Rows that a separate thread reads.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(super) mod thread {
    use std::sync::mpsc::{sync_channel, IntoIter, SyncSender};

    use super::{Arc, Cell, DeserializeOwned, Error, Path, Records, Result};

    /// Capacity of the queue, in records. A record of much binary data takes a place for each
    /// [`BYTES_OF_A_PLACE`], so that the queue is bounded in bytes too.
    const QUEUE_CAPACITY: usize = 256;
    const BYTES_OF_A_PLACE: usize = 1 << 18;

    /// The messages of the reading thread: the columns, then each record; or an error.
    pub(in super::super) enum Message {
        Columns(Arc<[String]>),
        Record(Vec<Cell<'static>>),
        /// Takes a place in the queue for the record that follows.
        Place,
        Failed(String),
    }

    /// Sends a record. Returns whether there is a receiver.
    pub(in super::super) fn send_record(
        to: &SyncSender<Message>,
        record: Vec<Cell<'static>>,
    ) -> bool {
        let bytes = record.iter().map(|cell| match cell {
            Cell::Bytes(bytes) => bytes.len(),
            _ => 0,
        });
        let places = bytes.sum::<usize>() / BYTES_OF_A_PLACE;
        (0..places).all(|_| to.send(Message::Place).is_ok())
            && to.send(Message::Record(record)).is_ok()
    }

    /// Reads rows in a separate thread, because the rows of a database borrow its connection. The
    /// thread ends when the receiver is dropped. `first` is the index of the first row.
    pub(in super::super) fn rows<R: DeserializeOwned>(
        name: String,
        folder: Option<Arc<Path>>,
        first: usize,
        read: impl FnOnce(&SyncSender<Message>) -> std::result::Result<(), String> + Send + 'static,
    ) -> Result<impl Iterator<Item = Result<R>>> {
        let failed = {
            let name = name.clone();
            move |reason: String| Error::Database { database: name.clone(), reason }
        };
        let (to, from) = sync_channel(QUEUE_CAPACITY);
        std::thread::spawn(move || {
            if let Err(reason) = read(&to) {
                // The receiver may have been dropped.
                let _ = to.send(Message::Failed(reason));
            }
        });
        let mut messages: IntoIter<Message> = from.into_iter();
        let columns = match messages.next() {
            Some(Message::Columns(columns)) => columns,
            Some(Message::Failed(reason)) => return Err(failed(reason)),
            _ => return Err(failed("its thread has ended".to_owned())),
        };
        let mut records = Records::new(name, columns).with_folder(folder);
        records.skip(first as u64);
        Ok(messages.filter_map(move |message| match message {
            Message::Record(record) => Some(records.read(record)),
            Message::Place => None,
            Message::Failed(reason) => Some(Err(failed(reason))),
            Message::Columns(_) => Some(Err(failed("it changed its columns".to_owned()))),
        }))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::Image;

    #[derive(Debug, Deserialize)]
    struct Row {
        #[allow(dead_code)]
        photo: Image<1>,
    }

    #[test]
    fn paths_count_from_the_folder_of_the_file() {
        let records = Records::<Row>::new("rows.db", Arc::from(["photo".to_owned()]));
        let mut records = records.with_folder(Some(Path::new("/nowhere").into()));
        let message = records.read([Cell::Text("a.png".into())]).unwrap_err().to_string();
        assert!(message.contains("`/nowhere/a.png`, which cannot be read"), "{message}");
    }
}
