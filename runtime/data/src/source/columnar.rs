//! Rows from Arrow's tables of columns.

mod column;

use std::{panic::AssertUnwindSafe, path::Path, sync::Arc};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use multi_input_base::{Error, Result};
use serde::de::DeserializeOwned;

use self::column::Column;
use super::{record::Records, tables::until_error, Block, BlockRequest};
use crate::{
    columns::{Cell, Grid, Interned, Plan},
    Real, Values,
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
    /// Those of a file, with columns of these names.
    pub(super) fn new<'a>(
        path: &Path,
        columns: impl Iterator<Item = &'a str>,
        decoded: I,
    ) -> Tables<I, R> {
        let name = path.display().to_string();
        let columns: Vec<String> = columns.map(str::to_owned).collect();
        let records = Records::new(name.clone(), Arc::from(columns));
        let records = records.from_folder(path.parent().map(Arc::from));
        Tables { name, decoded, records }
    }

    /// The names of the columns.
    #[cfg(feature = "arrow")]
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.records.columns()
    }

    /// Every row by itself.
    pub(super) fn rows(mut self) -> impl Iterator<Item = Result<R>> {
        // Row by row, for a row with a picture takes much memory.
        let mut table: Option<(Found, usize)> = None;
        std::iter::from_fn(move || loop {
            match &mut table {
                Some((found, row)) if *row < found.rows => {
                    *row += 1;
                    return Some(self.records.read(found.record(*row - 1)));
                }
                _ => match self.next()? {
                    Ok(found) => table = Some((found, 0)),
                    Err(error) => return Some(Err(error)),
                },
            }
        })
    }

    /// As tables, where `plan` finds all fields of a row in the columns.
    pub(super) fn blocks(
        mut self,
        plan: Plan,
        wanted: &BlockRequest,
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
        (0..found.rows).map(|row| self.records.read(found.record(row))).collect()
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

    /// The fields of a row.
    fn record(&self, row: usize) -> impl Iterator<Item = Cell<'_>> {
        self.columns.iter().map(move |column| column.at(row))
    }

    /// Appends the numbers of some columns, row by row.
    fn append<T: Real>(&self, columns: &[usize], blanks: bool, to: &mut Vec<T>) -> bool {
        let (start, step) = (to.len(), columns.len());
        to.resize(start + self.rows * step, T::zero());
        columns.iter().enumerate().all(|(first, &column)| {
            let column = self.columns.get(column);
            let to = to.get_mut(start + first..).unwrap_or_default();
            column.is_some_and(|column| column.numbers(blanks, step, to))
        })
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

    fn numbers(&self, columns: &[usize], blanks: bool, to: &mut Values) -> bool {
        match to {
            Values::Numbers(to) => self.append(columns, blanks, to),
            Values::Doubles(to) => self.append(columns, blanks, to),
            _ => false,
        }
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
