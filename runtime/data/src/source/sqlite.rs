//! Rows from an SQLite database.

use std::{
    marker::PhantomData,
    path::{Path, PathBuf},
};

use multi_input_base::{Error, Result};
use rusqlite::{types::ValueRef, Connection, OpenFlags};
use serde::de::DeserializeOwned;

use super::{
    key::{self, not_integers, Database, KeyedQuery, Query},
    record::thread::{rows, send_record, Message},
    BlockRequest, Blocks, Source,
};
use multi_input_cells::{file::with_actual_format, Cell};

/// The rows of a query on an SQLite database; requires the feature `sqlite`.
///
/// Columns are matched by name as in a [`Csv`](super::Csv); image paths are relative to the folder
/// of the database. The database is opened read-only. A source must give the same rows in every
/// pass, so the query should have an `ORDER BY`. pandas: `read_sql`.
///
/// Each rank of a cluster reads the rows in a range of the key that [`key`](Sqlite::key) names; without
/// a key, all rows from the first one on up to the end of its part.
#[derive(Clone, Debug)]
pub struct Sqlite<R> {
    path: PathBuf,
    query: Query,
    row: PhantomData<fn() -> R>,
}

impl<R: DeserializeOwned> Sqlite<R> {
    /// Creates a source from the path of a database and a query.
    pub fn new(path: impl AsRef<Path>, query: impl Into<String>) -> Sqlite<R> {
        Sqlite { path: path.as_ref().into(), query: Query::new(query), row: PhantomData }
    }

    /// Names a column of the query with integers, by which several ranks divide the rows: each reads an
    /// equal range of keys, so they should be about evenly distributed. Rows are read in the order of
    /// the key, which should be unique. Where several ranks read them, a key that is missing or is not
    /// an integer is an error.
    ///
    /// `Sqlite::new("trips.db", "SELECT id, price FROM trips").key("id")`
    #[must_use]
    pub fn key(mut self, column: impl Into<String>) -> Sqlite<R> {
        self.query = self.query.with_key(column);
        self
    }

    /// The answer to a query of one row.
    fn ask<T>(
        &self,
        query: &str,
        read: impl FnOnce(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<T> {
        let answer = open(&self.path).and_then(|connection| {
            connection.query_row(query, [], read).map_err(|error| reason(&self.path, &error))
        });
        answer.map_err(|reason| self.failed(reason))
    }

    fn failed(&self, reason: String) -> Error {
        Error::Database { database: self.path.display().to_string(), reason }
    }
}

impl<R: DeserializeOwned> Database for Sqlite<R> {
    type Row = R;

    fn query(&self) -> &Query {
        &self.query
    }

    fn read(&self, query: String, first: usize) -> Result<impl Iterator<Item = Result<R>>> {
        let path = self.path.clone();
        let folder = self.path.parent().map(Into::into);
        rows(self.path.display().to_string(), folder, first, move |to| {
            let text = |error: rusqlite::Error| reason(&path, &error);
            let connection = open(&path)?;
            let mut statement = connection.prepare(&query).map_err(text)?;
            let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
            let count = columns.len();
            let mut found = statement.query([]).map_err(text)?;
            if to.send(Message::Columns(columns.into())).is_err() {
                return Ok(());
            }
            while let Some(row) = found.next().map_err(text)? {
                let record = (0..count).map(|column| row.get_ref(column).map(cell).map_err(text));
                let record = record.collect::<std::result::Result<_, String>>()?;
                if !send_record(to, record) {
                    return Ok(());
                }
            }
            Ok(())
        })
    }

    fn number(&self, query: &str) -> Result<i64> {
        self.ask(query, |row| row.get(0))
    }

    fn key_bounds(&self, query: KeyedQuery<'_>) -> Result<Option<(i64, i64)>> {
        // `typeof` of a missing value is `null`.
        let of = "count(*) - count(CASE WHEN typeof({key}) = 'integer' THEN 1 END), \
                  min(typeof({key})), max(typeof({key})), min({key}), max({key})";
        let bounds = self.ask(&query.aggregate(of), |row| match row.get(0)? {
            0 => {
                let (least, greatest): (Option<i64>, Option<i64>) = (row.get(3)?, row.get(4)?);
                Ok(Ok(least.zip(greatest)))
            }
            count => Ok(Err((count, [row.get::<_, String>(1)?, row.get(2)?]))),
        })?;
        bounds.map_err(|(count, types)| {
            let found = types.iter().find(|name| *name != "integer");
            self.failed(not_integers(query.key, count, found.map_or("", String::as_str)))
        })
    }
}

impl<R: DeserializeOwned> Source for Sqlite<R> {
    type Row = R;

    fn rows(&self) -> Result<impl Iterator<Item = Result<R>>> {
        self.read(self.query.all(), 0)
    }

    fn blocks<'a>(&'a self, request: &'a BlockRequest) -> Result<Blocks<'a, R>> {
        key::blocks(self, request)
    }

    fn count_rows(&self, request: &BlockRequest) -> Result<usize> {
        key::count_rows(self, request)
    }
}

fn open(path: &Path) -> std::result::Result<Connection, String> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags).map_err(|error| reason(path, &error))
}

fn reason(path: &Path, error: &rusqlite::Error) -> String {
    with_actual_format(path, "SQLite", error.to_string())
}

fn cell(value: ValueRef<'_>) -> Cell<'static> {
    match value {
        ValueRef::Null => Cell::Blank,
        ValueRef::Integer(value) => Cell::Integer(value.into()),
        ValueRef::Real(value) => Cell::Float(value),
        ValueRef::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => Cell::Text(text.to_owned().into()),
            Err(_) => Cell::Other("a text that is not UTF-8".into()),
        },
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_owned().into()),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::BadRow;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Row {
        age: f32,
        name: Option<String>,
    }

    #[test]
    fn a_query_gives_rows_again_and_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("people.db");
        let connection = Connection::open(&path).unwrap();
        let people = "CREATE TABLE people (id INTEGER, name TEXT, age REAL);
             INSERT INTO people VALUES (1, 'Ann', 3.5), (2, NULL, 4), (3, 'Cy', 'old');";
        connection.execute_batch(people).unwrap();
        let source = Sqlite::<Row>::new(&path, "SELECT name, age FROM people ORDER BY id");
        let rows: Vec<_> = source.rows().unwrap().collect();
        assert_eq!(rows[0].as_ref().unwrap(), &Row { age: 3.5, name: Some("Ann".to_owned()) });
        assert_eq!(rows[1].as_ref().unwrap(), &Row { age: 4.0, name: None });
        let message = rows[2].as_ref().unwrap_err().to_string();
        assert!(
            message.contains("people.db, row 2: column `age`: expected f32, found string"),
            "{message}"
        );
        let skipping = source.on_bad_row(BadRow::Skip);
        assert_eq!(skipping.read_all().unwrap().len(), 2);
        assert_eq!(skipping.skipped().rows, 1);

        // A query is not read to its end after its receiver is dropped.
        let many = "WITH RECURSIVE n(age) AS (SELECT 1 UNION ALL SELECT age + 1 FROM n) \
                    SELECT age, NULL AS name FROM n";
        assert_eq!(Sqlite::<Row>::new(&path, many).rows().unwrap().take(3).count(), 3);
        let error = Sqlite::<Row>::new(&path, "SELECT nowhere").rows().err().unwrap().to_string();
        assert!(error.contains("people.db") && error.contains("no such column"), "{error}");
        assert!(Sqlite::<Row>::new(folder.path().join("none.db"), "SELECT 1").rows().is_err());
    }
}
