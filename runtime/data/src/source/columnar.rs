//! Rows from Arrow record batches.

mod column;
mod division;

use std::{panic::AssertUnwindSafe, path::Path, sync::Arc};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use multi_input_base::{Error, Result};
use serde::de::DeserializeOwned;

use self::column::Column;
pub(super) use self::division::{divide, groups_of, FileRows};
use super::{record::Records, tables::until_error, Block, BlockRequest};
use crate::{
    columns::{cells::Cell, Grid, Plan},
    Real, Values,
};

/// Number of rows per decoded batch.
pub(super) const ROWS_AT_ONCE: usize = 4096;

/// Decoded tables of a file, read as rows or as blocks.
pub(super) struct Tables<I, R> {
    name: String,
    decoded: I,
    records: Records<R>,
}

impl<I: Iterator<Item = Decoded>, R: DeserializeOwned> Tables<I, R> {
    /// The tables of the file `path`, with the given column names.
    pub(super) fn new<'a>(
        path: &Path,
        columns: impl Iterator<Item = &'a str>,
        decoded: I,
    ) -> Tables<I, R> {
        let name = path.display().to_string();
        let columns: Vec<String> = columns.map(str::to_owned).collect();
        let records = Records::new(name.clone(), Arc::from(columns));
        let records = records.with_folder(path.parent().map(Arc::from));
        Tables { name, decoded, records }
    }

    /// Numbers the rows from `row` on, which is the index in the file of the first one.
    pub(super) fn starting_at(mut self, row: usize) -> Tables<I, R> {
        self.records.skip(row as u64);
        self
    }

    /// The names of the columns.
    #[cfg(feature = "arrow")]
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.records.columns()
    }

    /// The rows, one by one.
    pub(super) fn rows(mut self) -> impl Iterator<Item = Result<R>> {
        // Rows are converted lazily, because a row with an image takes much memory.
        let mut current: Option<(DecodedTable, usize)> = None;
        std::iter::from_fn(move || loop {
            match &mut current {
                Some((table, row)) if *row < table.rows => {
                    *row += 1;
                    return Some(self.records.read(table.record(*row - 1)));
                }
                _ => match self.next()? {
                    Ok(table) => current = Some((table, 0)),
                    Err(error) => return Some(Err(error)),
                },
            }
        })
    }

    /// The rows as blocks; `plan` maps the columns to fields.
    pub(super) fn blocks(
        mut self,
        plan: Plan,
        request: &BlockRequest,
    ) -> impl Iterator<Item = Block<R>> + use<'_, I, R> {
        std::iter::from_fn(move || {
            Some(match self.next()? {
                Err(error) => Block::Rows(vec![Err(error)]),
                Ok(table) => match request.table(&plan, &table) {
                    Some(table) => {
                        self.records.skip(table.rows as u64);
                        Block::Table(table)
                    }
                    None => Block::Rows(self.read(&table)),
                },
            })
        })
    }

    fn read(&mut self, table: &DecodedTable) -> Vec<Result<R>> {
        (0..table.rows).map(|row| self.records.read(table.record(row))).collect()
    }

    fn next(&mut self) -> Option<Result<DecodedTable>> {
        let read_error = |reason| Error::Database { database: self.name.clone(), reason };
        Some(self.decoded.next()?.map_err(read_error))
    }
}

/// A decoded table, or the error that ends the file.
pub(super) type Decoded = std::result::Result<DecodedTable, String>;

/// Decodes record batches. The readers of these formats panic on some damaged files.
pub(super) fn decoded<E: ToString>(
    mut tables: impl Iterator<Item = std::result::Result<RecordBatch, E>>,
) -> impl Iterator<Item = Decoded> {
    // The reader is not used after an error or a panic.
    until_error(std::iter::from_fn(move || {
        let table = std::panic::catch_unwind(AssertUnwindSafe(|| tables.next()));
        Some(match table {
            Ok(table) => {
                table?.map(|table| DecodedTable::new(&table)).map_err(|error| error.to_string())
            }
            Err(_) => Err("its reader gave up on it: it is damaged".to_owned()),
        })
    }))
}

/// The names of the columns.
pub(super) fn names(schema: &SchemaRef) -> impl Iterator<Item = &str> {
    schema.fields().iter().map(|field| field.name().as_str())
}

/// A decoded table.
pub(super) struct DecodedTable {
    rows: usize,
    columns: Vec<Column>,
}

impl DecodedTable {
    fn new(table: &RecordBatch) -> DecodedTable {
        let columns = table.columns().iter().map(Column::new).collect();
        DecodedTable { rows: table.num_rows(), columns }
    }

    /// The cells of a row.
    fn record(&self, row: usize) -> impl Iterator<Item = Cell<'_>> {
        self.columns.iter().map(move |column| column.at(row))
    }

    /// Appends the numbers of some columns in row-major order; returns whether all cells are
    /// numbers.
    fn append<T: Real>(&self, columns: &[usize], blanks: bool, to: &mut Vec<T>) -> bool {
        let (start, stride) = (to.len(), columns.len());
        to.resize(start + self.rows * stride, T::zero());
        columns.iter().enumerate().all(|(first, &column)| {
            let column = self.columns.get(column);
            let to = to.get_mut(start + first..).unwrap_or_default();
            column.is_some_and(|column| column.numbers(blanks, stride, to))
        })
    }

    /// Appends a column with the same text in every row.
    #[cfg(feature = "parquet")]
    pub(super) fn with_constant(mut self, text: Option<&str>) -> DecodedTable {
        self.columns.push(Column::constant(text, self.rows));
        self
    }

    /// Appends the columns of another table with the same rows.
    pub(super) fn with_columns(mut self, other: DecodedTable) -> Decoded {
        if self.rows != other.rows {
            return Err("its columns have different lengths: it is damaged".to_owned());
        }
        self.columns.extend(other.columns);
        Ok(self)
    }
}

impl Grid for DecodedTable {
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
        let Some(mut columns) = columns.collect::<Option<Vec<_>>>() else { return false };
        let start = to.len();
        match &mut columns[..] {
            [column] => to.append(column),
            columns => to.extend(
                (0..self.rows).flat_map(|row| columns.iter().map(move |texts| texts[row].clone())),
            ),
        }
        blanks || to[start..].iter().all(|text| !text.is_empty())
    }
}
