//! Rows from a Parquet file.

use std::{
    fs::File,
    marker::PhantomData,
    path::{Path, PathBuf},
};

use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::de::DeserializeOwned;

use super::{
    columnar::{rows, ROWS_AT_ONCE},
    Source,
};
use crate::{Error, Result};

/// A Parquet file; needs the feature `parquet`.
///
/// Columns are found by their names, as those of a [`Csv`](super::Csv) are; lists fill arrays, dates
/// and times are texts as ISO 8601 writes them. A few thousand rows are decoded at a time. pandas:
/// `read_parquet`.
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

impl<R: DeserializeOwned> Source for Parquet<R> {
    type Row = R;

    fn rows(&self) -> Result<impl Iterator<Item = Result<R>>> {
        let unreadable = |source| Error::File { action: "read", path: self.path.clone(), source };
        let file = File::open(&self.path).map_err(unreadable)?;
        let name = self.path.display().to_string();
        let damaged = |reason: String| Error::Database { database: name.clone(), reason };
        let builder = ParquetRecordBatchReaderBuilder::try_new(file)
            .map_err(|error| damaged(error.to_string()))?;
        let schema = builder.schema().clone();
        let reader = builder
            .with_batch_size(ROWS_AT_ONCE)
            .build()
            .map_err(|error| damaged(error.to_string()))?;
        rows(name, &schema, reader.map(|table| table.map_err(|error| error.to_string())))
    }
}
