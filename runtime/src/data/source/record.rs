//! Rows of columns that are named and typed, as databases and columnar files have them.

use std::{borrow::Cow, marker::PhantomData, path::Path, sync::Arc};

use serde::{
    de::{
        value::{MapDeserializer, SeqDeserializer},
        DeserializeOwned, Deserializer, IntoDeserializer, Visitor,
    },
    forward_to_deserialize_any,
};

use crate::{
    data::{columns::Cell, image_files},
    Error, Result,
};

/// A value of a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Field<'a> {
    Null,
    Bool(bool),
    Integer(i64),
    Unsigned(u64),
    Float(f64),
    /// Texts, and dates as ISO 8601 writes them.
    Text(Cow<'a, str>),
    List(Vec<Field<'a>>),
}

/// Why a row could not be read; as serde words it.
pub(super) type Problem = serde::de::value::Error;

impl<'de> Deserializer<'de> for Field<'de> {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> std::result::Result<V::Value, Problem> {
        match self {
            Field::Null => visitor.visit_unit(),
            Field::Bool(value) => visitor.visit_bool(value),
            Field::Integer(value) => visitor.visit_i64(value),
            Field::Unsigned(value) => visitor.visit_u64(value),
            Field::Float(value) => visitor.visit_f64(value),
            Field::Text(Cow::Borrowed(value)) => visitor.visit_borrowed_str(value),
            Field::Text(Cow::Owned(value)) => visitor.visit_string(value),
            Field::List(values) => visitor.visit_seq(SeqDeserializer::new(values.into_iter())),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> std::result::Result<V::Value, Problem> {
        match self {
            Field::Null => visitor.visit_none(),
            value => visitor.visit_some(value),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Problem> for Field<'de> {
    type Deserializer = Field<'de>;

    fn into_deserializer(self) -> Field<'de> {
        self
    }
}

impl<'a> From<Field<'a>> for Cell<'a> {
    fn from(field: Field<'a>) -> Cell<'a> {
        match field {
            Field::Null => Cell::Blank,
            Field::Bool(value) => Cell::Bool(value),
            Field::Integer(value) => Cell::Integer(value.into()),
            Field::Unsigned(value) => Cell::Integer(value.into()),
            Field::Float(value) => Cell::Float(value),
            Field::Text(Cow::Borrowed(value)) => Cell::of_text(value),
            Field::Text(Cow::Owned(value)) => Cell::of_string(value),
            Field::List(values) => Cell::List(values.into_iter().map(Cell::from).collect()),
        }
    }
}

/// Makes rows of records, which come one after the other.
pub(super) struct Records<R> {
    /// The database or the file, for errors.
    name: String,
    columns: Arc<[String]>,
    /// Where paths in rows count from.
    folder: Option<Arc<Path>>,
    row: u64,
    kind: PhantomData<fn() -> R>,
}

impl<R: DeserializeOwned> Records<R> {
    pub(super) fn new(name: impl Into<String>, columns: Arc<[String]>) -> Records<R> {
        Records { name: name.into(), columns, folder: None, row: 0, kind: PhantomData }
    }

    /// The same with paths in rows counting from a folder.
    pub(super) fn from_folder(self, folder: Option<Arc<Path>>) -> Records<R> {
        Records { folder, ..self }
    }

    /// The names of the columns.
    #[cfg(feature = "arrow")]
    pub(super) fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(String::as_str)
    }

    /// Counts rows that were read otherwise.
    pub(super) fn skip(&mut self, rows: u64) {
        self.row += rows;
    }

    /// The row that the next record is.
    pub(super) fn read<'a>(&mut self, record: impl IntoIterator<Item = Field<'a>>) -> Result<R> {
        let row = self.row;
        self.row += 1;
        let names = self.columns.iter().map(String::as_str);
        let map = MapDeserializer::<_, Problem>::new(names.zip(record));
        let read = || R::deserialize(map);
        let read = match &self.folder {
            Some(folder) => image_files::from_folder(folder, read),
            None => read(),
        };
        read.map_err(|problem| Error::Record {
            database: self.name.clone(),
            row,
            message: problem.to_string(),
        })
    }
}

/// What comes over from a thread that reads.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(super) mod thread {
    use std::sync::mpsc::{sync_channel, IntoIter, SyncSender};

    use super::{Arc, DeserializeOwned, Error, Field, Path, Records, Result};

    /// How many records wait at most.
    const WAITING: usize = 256;

    /// The columns, and then every record; or what is wrong.
    pub(in super::super) enum Message {
        Columns(Arc<[String]>),
        Record(Vec<Field<'static>>),
        Failed(String),
    }

    /// Rows that a thread of its own reads: a database's rows borrow its connection, which so stays
    /// where it is. The thread ends when nobody takes its rows any more.
    pub(in super::super) fn rows<R: DeserializeOwned>(
        name: String,
        folder: Option<Arc<Path>>,
        read: impl FnOnce(&SyncSender<Message>) -> std::result::Result<(), String> + Send + 'static,
    ) -> Result<impl Iterator<Item = Result<R>>> {
        let failed = {
            let name = name.clone();
            move |reason: String| Error::Database { database: name.clone(), reason }
        };
        let (to, from) = sync_channel(WAITING);
        std::thread::spawn(move || {
            if let Err(reason) = read(&to) {
                // Nobody may be left to hear it.
                let _ = to.send(Message::Failed(reason));
            }
        });
        let mut messages: IntoIter<Message> = from.into_iter();
        let columns = match messages.next() {
            Some(Message::Columns(columns)) => columns,
            Some(Message::Failed(reason)) => return Err(failed(reason)),
            _ => return Err(failed("its thread has ended".to_owned())),
        };
        let mut records = Records::new(name, columns).from_folder(folder);
        Ok(messages.map(move |message| match message {
            Message::Record(record) => records.read(record),
            Message::Failed(reason) => Err(failed(reason)),
            Message::Columns(_) => Err(failed("it changed its columns".to_owned())),
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
        let mut records = records.from_folder(Some(Path::new("/nowhere").into()));
        let message = records.read([Field::Text("a.png".into())]).unwrap_err().to_string();
        assert!(message.contains("`/nowhere/a.png`, which cannot be read"), "{message}");
    }
}
