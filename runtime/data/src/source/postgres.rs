//! Rows from a PostgreSQL database.

mod numeric;

use std::marker::PhantomData;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use multi_input_base::Result;
use postgres::{
    fallible_iterator::FallibleIterator,
    types::{FromSql, Type},
    Client, NoTls, Row,
};
use serde::de::DeserializeOwned;

use self::numeric::Numeric;
use super::{
    record::thread::{rows, send_record, Message},
    Source,
};
use multi_input_cells::Cell;

/// The rows of a query on a PostgreSQL database; requires the feature `postgres`.
///
/// Columns are matched by name as in a [`Csv`](super::Csv); arrays fill arrays. Supported column
/// types are booleans, integers, floats, `numeric`, texts, dates, timestamps, and arrays of them;
/// cast other types in the query (`price::float8`). The connection is not encrypted. A source must
/// give the same rows in every pass, so the query should have an `ORDER BY`. pandas: `read_sql`.
#[derive(Clone)]
pub struct Postgres<R> {
    connection: String,
    query: String,
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
        Postgres { connection: connection.into(), query: query.into(), row: PhantomData }
    }
}

impl<R: DeserializeOwned> Source for Postgres<R> {
    type Row = R;

    fn rows(&self) -> Result<impl Iterator<Item = Result<R>>> {
        let (connection, query) = (self.connection.clone(), self.query.clone());
        rows("PostgreSQL".to_owned(), None, move |to| {
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
