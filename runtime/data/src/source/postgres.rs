//! Rows from a PostgreSQL database.

mod numeric;

use std::marker::PhantomData;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use multi_input_base::{Error, Result};
use postgres::{
    fallible_iterator::FallibleIterator,
    types::{FromSql, Type},
    Client, NoTls, Row,
};
use serde::de::DeserializeOwned;

use self::numeric::Numeric;
use super::{
    key::{self, not_integers, Database, KeyedQuery, Query},
    record::thread::{rows, send_record, Message},
    BlockRequest, Blocks, Source,
};
use multi_input_cells::Cell;

/// The rows of a query on a PostgreSQL database; requires the feature `postgres`.
///
/// Columns are matched by name as in a [`Csv`](super::Csv); arrays fill arrays. Supported column
/// types are booleans, integers, floats, `numeric`, texts, dates, timestamps, and arrays of them;
/// cast other types in the query (`price::float8`). The connection is not encrypted. A source must
/// give the same rows in every pass, so the query should have an `ORDER BY`. pandas: `read_sql`.
///
/// Each rank of a cluster reads the rows in a range of the key that [`key`](Postgres::key) names;
/// without a key, all rows from the first one on up to the end of its part.
#[derive(Clone)]
pub struct Postgres<R> {
    connection: String,
    query: Query,
    row: PhantomData<fn() -> R>,
}

impl<R> std::fmt::Debug for Postgres<R> {
    /// Omits the connection string, which may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Postgres").field("query", &self.query).finish_non_exhaustive()
    }
}

impl<R: DeserializeOwned> Postgres<R> {
    /// Creates a source from a connection string (`host=localhost user=ann dbname=shop`, or a URL)
    /// and a query.
    pub fn new(connection: impl Into<String>, query: impl Into<String>) -> Postgres<R> {
        let (connection, query) = (connection.into(), Query::new(query));
        Postgres { connection, query, row: PhantomData }
    }

    /// Names a column of the query of type `smallint`, `integer` or `bigint`, by which several ranks
    /// divide the rows: each reads an equal range of keys, so they should be about evenly distributed.
    /// Rows are read in the order of the key, which should be unique. Where several ranks read them, a
    /// key that is missing or of another type is an error.
    ///
    /// `Postgres::new("dbname=shop", "SELECT id, price FROM trips").key("id")`
    #[must_use]
    pub fn key(mut self, column: impl Into<String>) -> Postgres<R> {
        self.query = self.query.with_key(column);
        self
    }

    /// The answer to a query of one row.
    fn ask<T>(
        &self,
        query: &str,
        read: impl FnOnce(&Row) -> std::result::Result<T, String>,
    ) -> Result<T> {
        let client = Client::connect(&self.connection, NoTls);
        let row = client.and_then(|mut client| client.query_one(query, &[]));
        let answer = row.map_err(error_message).and_then(|row| read(&row));
        answer.map_err(|reason| Error::Database { database: NAME.to_owned(), reason })
    }
}

impl<R: DeserializeOwned> Database for Postgres<R> {
    type Row = R;

    fn query(&self) -> &Query {
        &self.query
    }

    fn read(&self, query: String, first: usize) -> Result<impl Iterator<Item = Result<R>>> {
        let connection = self.connection.clone();
        rows(NAME.to_owned(), None, first, move |to| {
            let mut client = Client::connect(&connection, NoTls).map_err(error_message)?;
            let statement = client.prepare(&query).map_err(error_message)?;
            let columns = statement.columns().iter();
            let columns: Vec<String> = columns.map(|column| column.name().to_owned()).collect();
            let none: [&str; 0] = [];
            let mut found = client.query_raw(&statement, none).map_err(error_message)?;
            if to.send(Message::Columns(columns.into())).is_err() {
                return Ok(());
            }
            while let Some(row) = found.next().map_err(error_message)? {
                let record = (0..row.len()).map(|column| cell(&row, column));
                let record = record.collect::<std::result::Result<_, String>>()?;
                if !send_record(to, record) {
                    return Ok(());
                }
            }
            Ok(())
        })
    }

    fn number(&self, query: &str) -> Result<i64> {
        self.ask(query, |row| row.try_get(0).map_err(error_message))
    }

    fn key_bounds(&self, query: KeyedQuery<'_>) -> Result<Option<(i64, i64)>> {
        let of = "count(*) - count({key}), min({key}), max({key})";
        self.ask(&query.aggregate(of), |row| match row.try_get(0).map_err(error_message)? {
            0 => Ok(integer(row, 1, query.key)?.zip(integer(row, 2, query.key)?)),
            missing => Err(not_integers(query.key, missing, "NULL")),
        })
    }
}

impl<R: DeserializeOwned> Source for Postgres<R> {
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

/// The name of the database in errors.
const NAME: &str = "PostgreSQL";

/// An integer of the column `key`.
fn integer(row: &Row, column: usize, key: &str) -> std::result::Result<Option<i64>, String> {
    let ty = row.columns()[column].type_();
    Ok(match *ty {
        Type::INT2 => row.try_get::<_, Option<i16>>(column).map_err(error_message)?.map(i64::from),
        Type::INT4 => row.try_get::<_, Option<i32>>(column).map_err(error_message)?.map(i64::from),
        Type::INT8 => row.try_get(column).map_err(error_message)?,
        _ => return Err(format!("expected integers in the key `{key}`, found type {ty}")),
    })
}

/// The error message, with the server's reason, which `Display` omits.
fn error_message(error: postgres::Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), ToString::to_string)
}

fn cell(row: &Row, column: usize) -> std::result::Result<Cell<'static>, String> {
    let ty = row.columns()[column].type_().clone();
    Ok(match ty {
        Type::BOOL => get(row, column, Cell::Bool)?,
        Type::INT2 => get(row, column, whole::<i16>)?,
        Type::INT4 => get(row, column, whole::<i32>)?,
        Type::INT8 => get(row, column, whole::<i64>)?,
        Type::OID => get(row, column, whole::<u32>)?,
        Type::FLOAT4 => get(row, column, real::<f32>)?,
        Type::FLOAT8 => get(row, column, real::<f64>)?,
        Type::NUMERIC => get(row, column, |Numeric(text)| Cell::Text(text.into()))?,
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME => get(row, column, text)?,
        Type::BYTEA => get(row, column, |bytes: Vec<u8>| Cell::Bytes(bytes.into()))?,
        Type::DATE => get(row, column, |date: NaiveDate| text(date.to_string()))?,
        Type::TIMESTAMP => {
            get(row, column, |time: NaiveDateTime| text(time.format("%FT%T%.f").to_string()))?
        }
        Type::TIMESTAMPTZ => get(row, column, |time: DateTime<Utc>| text(time.to_rfc3339()))?,
        Type::BOOL_ARRAY => list(row, column, Cell::Bool)?,
        Type::INT2_ARRAY => list(row, column, whole::<i16>)?,
        Type::INT4_ARRAY => list(row, column, whole::<i32>)?,
        Type::INT8_ARRAY => list(row, column, whole::<i64>)?,
        Type::FLOAT4_ARRAY => list(row, column, real::<f32>)?,
        Type::FLOAT8_ARRAY => list(row, column, real::<f64>)?,
        Type::NUMERIC_ARRAY => list(row, column, |Numeric(text)| Cell::Text(text.into()))?,
        Type::TEXT_ARRAY | Type::VARCHAR_ARRAY => list(row, column, text)?,
        // An unsupported type is an error only if a field uses the column.
        other => Cell::Other(
            format!("a value of type {other}; cast it in the query, to `float8` or `text`").into(),
        ),
    })
}

fn get<'a, T: FromSql<'a>>(
    row: &'a Row,
    column: usize,
    make: impl Fn(T) -> Cell<'static>,
) -> std::result::Result<Cell<'static>, String> {
    let value: Option<T> = row.try_get(column).map_err(error_message)?;
    Ok(value.map_or(Cell::Blank, make))
}

fn list<'a, T: FromSql<'a>>(
    row: &'a Row,
    column: usize,
    make: impl Fn(T) -> Cell<'static>,
) -> std::result::Result<Cell<'static>, String> {
    get(row, column, |values: Vec<Option<T>>| {
        Cell::List(values.into_iter().map(|value| value.map_or(Cell::Blank, &make)).collect())
    })
}

fn whole<T: Into<i128>>(number: T) -> Cell<'static> {
    Cell::Integer(number.into())
}

fn real<T: Into<f64>>(number: T) -> Cell<'static> {
    Cell::Float(number.into())
}

fn text(text: String) -> Cell<'static> {
    Cell::Text(text.into())
}
