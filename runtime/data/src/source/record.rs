//! Rows of named and typed columns, as in databases and columnar files.

use std::{borrow::Cow, fmt, marker::PhantomData, path::Path, sync::Arc};

use multi_input_base::{Error, Result};
use serde::{
    de::{
        value::{BytesDeserializer, MapAccessDeserializer, SeqDeserializer},
        DeserializeOwned, DeserializeSeed, Deserializer, Expected, IntoDeserializer, MapAccess,
        Unexpected, Visitor,
    },
    forward_to_deserialize_any,
};

use crate::{
    columns::{missing, Cell},
    image::files as image_files,
};

/// The error of a row that could not be read.
#[derive(Debug)]
pub(super) enum Problem {
    /// A column is missing for a field of a user-defined struct.
    Missing(&'static str),
    /// The message of any other error.
    Words(String),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Missing(column) => write!(f, "the column `{column}` is missing"),
            Problem::Words(words) => f.write_str(words),
        }
    }
}

impl Problem {
    /// Replaces serde's term for a described cell, a newtype struct, by the cell's description.
    fn with_description(self, words: &str) -> Problem {
        match self {
            Problem::Words(text) => Problem::Words(text.replace("newtype struct", words)),
            missing => missing,
        }
    }
}

impl std::error::Error for Problem {}

impl serde::de::Error for Problem {
    fn custom<T: fmt::Display>(words: T) -> Problem {
        Problem::Words(words.to_string())
    }
    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Problem {
        Problem::Words(format!("expected {expected}, found {found}"))
    }
    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Problem {
        Problem::invalid_type(found, expected)
    }
    fn missing_field(field: &'static str) -> Problem {
        Problem::Missing(field)
    }
}

/// Deserializer methods that forward to another method.
macro_rules! forward_methods {
    ($($target:ident: $($name:ident)+);+) => {
        $($(
            fn $name<V: Visitor<'de>>(self, visitor: V) -> std::result::Result<V::Value, Problem> {
                self.$target(visitor)
            }
        )+)+
    };
}

/// Deserializes a cell to a field of a user-defined struct with serde, by the conversions of
/// [`FromCells`](crate::columns::FromCells).
struct CellDeserializer<'de>(Cell<'de>);

impl<'de> Deserializer<'de> for CellDeserializer<'de> {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> std::result::Result<V::Value, Problem> {
        match self.0 {
            Cell::Blank => visitor.visit_unit(),
            Cell::Bool(value) => visitor.visit_bool(value),
            Cell::Integer(value) => match (i64::try_from(value), u64::try_from(value)) {
                (Ok(value), _) => visitor.visit_i64(value),
                (_, Ok(value)) => visitor.visit_u64(value),
                _ => visitor.visit_i128(value),
            },
            Cell::Float(value) => visitor.visit_f64(value),
            Cell::Text(Cow::Borrowed(value)) => visitor.visit_borrowed_str(value.trim()),
            Cell::Text(Cow::Owned(value)) => match value.trim() {
                trimmed if trimmed.len() < value.len() => visitor.visit_str(trimmed),
                _ => visitor.visit_string(value),
            },
            Cell::List(values) => {
                visitor.visit_seq(SeqDeserializer::new(values.into_iter().map(CellDeserializer)))
            }
            Cell::Other(words) => {
                let description = IntoDeserializer::<Problem>::into_deserializer(&*words);
                visitor
                    .visit_newtype_struct(description)
                    .map_err(|problem| problem.with_description(&words))
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> std::result::Result<V::Value, Problem> {
        match self.0 {
            Cell::Blank => visitor.visit_none(),
            value => visitor.visit_some(CellDeserializer(value)),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> std::result::Result<V::Value, Problem> {
        match self.0.flag() {
            Some(flag) => visitor.visit_bool(flag),
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> std::result::Result<V::Value, Problem> {
        let number = match &*self.0.value() {
            Cell::Integer(number) => Some(CellDeserializer(Cell::Integer(*number))),
            Cell::Float(number) => Some(CellDeserializer(Cell::Float(*number))),
            _ => None,
        };
        number.unwrap_or(self).deserialize_any(visitor)
    }

    fn deserialize_i64<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> std::result::Result<V::Value, Problem> {
        let whole = self.0.value().whole().map(|whole| CellDeserializer(Cell::Integer(whole)));
        whole.unwrap_or(self).deserialize_any(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> std::result::Result<V::Value, Problem> {
        match self.0.whole() {
            Some(whole) => visitor.visit_string(whole.to_string()),
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> std::result::Result<V::Value, Problem> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> std::result::Result<V::Value, Problem> {
        match &self.0 {
            Cell::Text(text) => visitor.visit_enum(text.trim().into_deserializer()),
            _ => self.deserialize_any(visitor),
        }
    }

    forward_methods! {
        deserialize_f64: deserialize_f32;
        deserialize_i64: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_u8
            deserialize_u16 deserialize_u32 deserialize_u64 deserialize_i128 deserialize_u128;
        deserialize_string: deserialize_str
    }

    forward_to_deserialize_any! {
        char bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Problem> for CellDeserializer<'de> {
    type Deserializer = CellDeserializer<'de>;

    fn into_deserializer(self) -> CellDeserializer<'de> {
        self
    }
}

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
    type Error = Problem;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> std::result::Result<Option<K::Value>, Problem> {
        let Some(name) = self.names.next() else { return Ok(None) };
        self.column = name;
        seed.deserialize(BytesDeserializer::new(name.as_bytes())).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> std::result::Result<V::Value, Problem> {
        let read = seed.deserialize(CellDeserializer(self.cells.next().unwrap_or(Cell::Blank)));
        read.map_err(|problem| Problem::Words(format!("column `{}`: {problem}", self.column)))
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

    /// Advances the row number by rows that were read as a table.
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
                Problem::Missing(column) => missing(column, self.columns(), self.columns()),
                Problem::Words(words) => words,
            },
        })
    }
}

/// Rows that a separate thread reads.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(super) mod thread {
    use std::sync::mpsc::{sync_channel, IntoIter, SyncSender};

    use super::{Arc, Cell, DeserializeOwned, Error, Path, Records, Result};

    /// Capacity of the queue, in records.
    const QUEUE_CAPACITY: usize = 256;

    /// The messages of the reading thread: the columns, then each record; or an error.
    pub(in super::super) enum Message {
        Columns(Arc<[String]>),
        Record(Vec<Cell<'static>>),
        Failed(String),
    }

    /// Reads rows in a separate thread, because the rows of a database borrow its connection. The
    /// thread ends when the receiver is dropped.
    pub(in super::super) fn rows<R: DeserializeOwned>(
        name: String,
        folder: Option<Arc<Path>>,
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
        let mut records = records.with_folder(Some(Path::new("/nowhere").into()));
        let message = records.read([Cell::Text("a.png".into())]).unwrap_err().to_string();
        assert!(message.contains("`/nowhere/a.png`, which cannot be read"), "{message}");
    }
}
