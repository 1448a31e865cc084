//! Rows from a Parquet file.

use std::{
    fs::File,
    marker::PhantomData,
    path::{Path, PathBuf},
};

use arrow_array::{RecordBatch, RecordBatchReader};
use parquet::arrow::{arrow_reader::ParquetRecordBatchReaderBuilder, ProjectionMask};
use serde::de::DeserializeOwned;

use super::{
    blocks::by_rows,
    columnar::{names, Tables, ROWS_AT_ONCE},
    Blocks, Source, Wanted,
};
use crate::{Error, Result};

/// A Parquet file; needs the feature `parquet`.
///
/// Columns are found by their names, as those of a [`Csv`](super::Csv) are; lists fill arrays, dates
/// and times are texts as ISO 8601 writes them. A few thousand rows are decoded at a time, and in
/// training the columns that a model takes alone. pandas: `read_parquet`.
#[derive(Clone, Debug)]
pub struct Parquet<R> {
    path: PathBuf,
    row: PhantomData<fn() -> R>,
}

impl<R: DeserializeOwned> Parquet<R> {
    /// A file.
    pub fn new(path: impl AsRef<Path>) -> Parquet<R> {
        Parquet { path: path.as_ref().into(), row: PhantomData }
    }
}

impl<R: DeserializeOwned> Parquet<R> {
    fn open(&self) -> Result<ParquetRecordBatchReaderBuilder<File>> {
        let unreadable = |source| Error::File { action: "read", path: self.path.clone(), source };
        let file = File::open(&self.path).map_err(unreadable)?;
        let opened = ParquetRecordBatchReaderBuilder::try_new(file);
        opened.map_err(|error| self.damaged(error))
    }

    /// The rows of some columns, or of all.
    fn tables(
        &self,
        file: ParquetRecordBatchReaderBuilder<File>,
        columns: Option<Vec<usize>>,
    ) -> Result<Tables<impl Iterator<Item = std::result::Result<RecordBatch, String>>, R>> {
        let columns = columns.map_or(ProjectionMask::all(), |columns| {
            ProjectionMask::roots(file.parquet_schema(), columns)
        });
        let reader = file.with_projection(columns).with_batch_size(ROWS_AT_ONCE).build();
        let reader = reader.map_err(|error| self.damaged(error))?;
        let schema = reader.schema();
        let tables = reader.map(|table| table.map_err(|error| error.to_string()));
        Ok(Tables::new(self.path.display().to_string(), &schema, tables))
    }

    fn damaged(&self, reason: impl ToString) -> Error {
        Error::Database { database: self.path.display().to_string(), reason: reason.to_string() }
    }
}

impl<R: DeserializeOwned> Source for Parquet<R> {
    type Row = R;

    fn rows(&self) -> Result<impl Iterator<Item = Result<R>>> {
        Ok(self.tables(self.open()?, None)?.rows())
    }

    fn blocks<'a>(&'a self, wanted: &'a Wanted) -> Result<Blocks<'a, R>> {
        let file = self.open()?;
        let names = || names(file.schema());
        let needed = wanted.plan(names()).map(|plan| plan.columns());
        let own = needed.iter().flatten().filter_map(|column| names().nth(*column));
        match wanted.plan(own) {
            Some(plan) => Ok(Box::new(self.tables(file, needed)?.blocks(plan, wanted))),
            None => Ok(by_rows(self.tables(file, None)?.rows(), wanted)),
        }
    }
}
