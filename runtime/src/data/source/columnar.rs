//! Rows from Arrow's tables of columns.

mod column;

use std::{panic::AssertUnwindSafe, sync::Arc};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use serde::de::DeserializeOwned;

use self::column::Column;
use super::{record::Records, tables::until_error, Block, Wanted};
use crate::{
    data::columns::{Cell, Grid, Interned, Plan},
    Error, Result,
};

/// How many rows are decoded together.
pub(super) const ROWS_AT_ONCE: usize = 4096;

/// Tables of columns, which come one after the other, as rows of structs or as tables of ours.
pub(super) struct Tables<I, R> {
    name: String,
    decoded: I,
    records: Records<R>,
}

impl<I: Iterator<Item = Decoded>, R: DeserializeOwned> Tables<I, R> {
    /// Those of a file of this name, with columns of these.
    pub(super) fn new<'a>(
        name: String,
        columns: impl Iterator<Item = &'a str>,
        decoded: I,
    ) -> Tables<I, R> {
        let columns: Vec<String> = columns.map(str::to_owned).collect();
        let records = Records::new(name.clone(), Arc::from(columns));
        Tables { name, decoded, records }
    }

    /// The names of the columns.
    #[cfg(feature = "arrow")]
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.records.columns()
    }

    /// Every row by itself.
    pub(super) fn rows(mut self) -> impl Iterator<Item = Result<R>> {
        std::iter::from_fn(move || Some(self.next()?.map(|found| self.read(&found))))
            .flat_map(|rows| rows.unwrap_or_else(|error| vec![Err(error)]))
    }

    /// As tables, where `plan` finds all fields of a row in the columns.
    pub(super) fn blocks(
        mut self,
        plan: Plan,
        wanted: &Wanted,
    ) -> impl Iterator<Item = Block<R>> + use<'_, I, R> {
        std::iter::from_fn(move || {
            Some(match self.next()? {
                Err(error) => Block::Rows(vec![Err(error)]),
                Ok(found) => match wanted.table(&plan, &found) {
                    Some(table) => {
                        self.records.skip(found.rows as u64);
                        Block::Table(table)
                    }
                    None => Block::Rows(self.read(&found)),
                },
            })
        })
    }

    fn read(&mut self, found: &Found) -> Vec<Result<R>> {
        let record = |row: usize| found.columns.iter().map(move |column| column.at(row));
        (0..found.rows).map(|row| self.records.read(record(row))).collect()
    }

    fn next(&mut self) -> Option<Result<Found>> {
        let damaged = |reason| Error::Database { database: self.name.clone(), reason };
        Some(self.decoded.next()?.map_err(damaged))
    }
}

/// A table, or why there is none and nothing follows.
pub(super) type Decoded = std::result::Result<Found, String>;

/// Tables in few types. What these formats' own readers do not expect of a damaged file, they panic on.
pub(super) fn decoded<E: ToString>(
    mut tables: impl Iterator<Item = std::result::Result<RecordBatch, E>>,
) -> impl Iterator<Item = Decoded> {
    // After an error, or a panic, nothing more is asked of the reader.
    until_error(std::iter::from_fn(move || {
        let table = std::panic::catch_unwind(AssertUnwindSafe(|| tables.next()));
        Some(match table {
            Ok(table) => table?.map(|table| Found::new(&table)).map_err(|error| error.to_string()),
            Err(_) => Err("its reader gave up on it: it is damaged".to_owned()),
        })
    }))
}

/// The names of the columns.
pub(super) fn names(schema: &SchemaRef) -> impl Iterator<Item = &str> {
    schema.fields().iter().map(|field| field.name().as_str())
}

/// The columns of a table.
pub(super) struct Found {
    rows: usize,
    columns: Vec<Column>,
}

impl Found {
    fn new(table: &RecordBatch) -> Found {
        let columns = table.columns().iter().map(Column::new).collect();
        Found { rows: table.num_rows(), columns }
    }

    /// The columns of this table and of another one with the same rows.
    pub(super) fn beside(mut self, other: Found) -> Decoded {
        if self.rows != other.rows {
            return Err("its columns have different lengths: it is damaged".to_owned());
        }
        self.columns.extend(other.columns);
        Ok(self)
    }
}

impl Grid for Found {
    fn rows(&self) -> usize {
        self.rows
    }

    fn cell(&self, row: usize, column: usize) -> Option<Cell<'_>> {
        Some(self.columns.get(column)?.at(row).trimmed())
    }

    fn numbers(&self, columns: &[usize], blanks: bool, to: &mut Vec<f32>) -> bool {
        let (start, step) = (to.len(), columns.len());
        to.resize(start + self.rows * step, 0.0);
        columns.iter().enumerate().all(|(first, &column)| {
            let column = self.columns.get(column);
            let to = to.get_mut(start + first..).unwrap_or_default();
            column.is_some_and(|column| column.numbers(blanks, step, to))
        })
    }

    fn texts(&self, columns: &[usize], blanks: bool, to: &mut Vec<Arc<str>>) -> bool {
        let columns = columns.iter().map(|&column| self.columns.get(column)?.texts());
        let Some(columns) = columns.collect::<Option<Vec<_>>>() else { return false };
        let mut interned = Interned::default();
        let texts =
            (0..self.rows).flat_map(|row| columns.iter().map(move |texts| texts.value(row)));
        to.reserve(self.rows * columns.len());
        texts.map(str::trim).all(|text| {
            to.push(interned.text(text));
            blanks || !text.is_empty()
        })
    }
}
