//! Rows from Arrow's tables of columns.

use std::{panic::AssertUnwindSafe, sync::Arc};

use arrow_array::{
    cast::AsArray,
    types::{Float64Type, Int64Type, UInt64Type},
    Array, ArrayRef, RecordBatch,
};
use arrow_cast::cast;
use arrow_schema::{DataType, SchemaRef};
use serde::de::DeserializeOwned;

use super::record::{Field, Records};
use crate::{Error, Result};

/// How many rows are decoded together.
pub(super) const ROWS_AT_ONCE: usize = 4096;

/// The rows of all tables, which come one after the other.
pub(super) fn rows<R: DeserializeOwned>(
    name: String,
    schema: &SchemaRef,
    tables: impl Iterator<Item = std::result::Result<RecordBatch, String>>,
) -> Result<impl Iterator<Item = Result<R>>> {
    let columns: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    let mut records = Records::<R>::new(name.clone(), Arc::from(columns));
    let damaged = move |reason| Error::Database { database: name.clone(), reason };
    let mut ended = false;
    let tables = std::iter::from_fn({
        let mut tables = tables;
        move || {
            let table = (!ended).then(|| guarded(|| tables.next())).flatten();
            table.inspect(|table| ended = table.is_err())
        }
    });
    Ok(tables.flat_map(move |table| -> Vec<Result<R>> {
        let columns = table.and_then(|table| {
            let columns = table.columns().iter().map(Column::new);
            Ok((table.num_rows(), columns.collect::<std::result::Result<Vec<_>, String>>()?))
        });
        match columns {
            Err(reason) => vec![Err(damaged(reason))],
            Ok((count, columns)) => (0..count)
                .map(|row| records.read(columns.iter().map(|column| column.at(row))))
                .collect(),
        }
    }))
}

/// The next table. What these formats' own readers do not expect of a damaged file, they panic on.
fn guarded(
    next: impl FnOnce() -> Option<std::result::Result<RecordBatch, String>>,
) -> Option<std::result::Result<RecordBatch, String>> {
    // After a panic nothing more is asked of the reader.
    let next = std::panic::catch_unwind(AssertUnwindSafe(next));
    next.unwrap_or_else(|_| Some(Err("its reader gave up on it: it is damaged".to_owned())))
}

/// A column in one of few types.
struct Column {
    values: ArrayRef,
    /// What the elements of a list are.
    items: Option<Box<Column>>,
}

impl Column {
    fn new(column: &ArrayRef) -> std::result::Result<Column, String> {
        let to = match column.data_type() {
            DataType::Null | DataType::Boolean => column.data_type().clone(),
            DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => {
                return Column::of_lists(column)
            }
            DataType::Dictionary(_, values) => {
                let plain = cast(column, values).map_err(|error| error.to_string())?;
                return Column::new(&plain);
            }
            whole if whole.is_unsigned_integer() => DataType::UInt64,
            whole if whole.is_signed_integer() => DataType::Int64,
            DataType::Decimal128(..) | DataType::Decimal256(..) => DataType::Float64,
            real if real.is_floating() => DataType::Float64,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
            // As ISO 8601 writes them.
            DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => DataType::Utf8,
            other => return Err(format!("a column is of type {other}, which no field takes")),
        };
        let values = cast(column, &to).map_err(|error| error.to_string())?;
        Ok(Column { values, items: None })
    }

    fn of_lists(column: &ArrayRef) -> std::result::Result<Column, String> {
        let item = match column.data_type() {
            DataType::List(item) | DataType::LargeList(item) => item.clone(),
            DataType::FixedSizeList(item, _) => item.clone(),
            other => return Err(format!("{other} is no list")),
        };
        let values = cast(column, &DataType::LargeList(item)).map_err(|error| error.to_string())?;
        let items = Column::new(values.as_list::<i64>().values())?;
        Ok(Column { values, items: Some(Box::new(items)) })
    }

    fn at(&self, row: usize) -> Field<'_> {
        if self.values.is_null(row) {
            return Field::Null;
        }
        if let Some(items) = &self.items {
            let offsets = self.values.as_list::<i64>().value_offsets();
            let [from, to] = [offsets[row], offsets[row + 1]].map(|offset| offset as usize);
            return Field::List((from..to).map(|place| items.at(place)).collect());
        }
        match self.values.data_type() {
            DataType::Boolean => Field::Bool(self.values.as_boolean().value(row)),
            DataType::UInt64 => {
                Field::Unsigned(self.values.as_primitive::<UInt64Type>().value(row))
            }
            DataType::Int64 => Field::Integer(self.values.as_primitive::<Int64Type>().value(row)),
            DataType::Float64 => Field::Float(self.values.as_primitive::<Float64Type>().value(row)),
            DataType::Utf8 => Field::Text(self.values.as_string::<i32>().value(row).into()),
            _ => Field::Null,
        }
    }
}
