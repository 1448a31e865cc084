//! Rows from an Arrow IPC file.

use std::{
    fs::File,
    io::BufReader,
    marker::PhantomData,
    path::{Path, PathBuf},
};

use arrow_ipc::reader::FileReader;
use serde::de::DeserializeOwned;

use super::{columnar::rows, Source};
use crate::{Error, Result};

/// A file of Arrow's IPC format, also called Feather; needs the feature `arrow`. Columns become
/// fields as those of a Parquet file do. pandas: `read_feather`.
///
/// Read files that you trust: Arrow's own reader reserves as much memory as a compressed column says it
/// needs, so that a damaged one may end the process.
#[derive(Clone, Debug)]
pub struct Arrow<R> {
    path: PathBuf,
    row: PhantomData<fn() -> R>,
}

impl<R: DeserializeOwned> Arrow<R> {
    /// A file.
    pub fn new(path: impl AsRef<Path>) -> Arrow<R> {
        Arrow { path: path.as_ref().into(), row: PhantomData }
    }
}

impl<R: DeserializeOwned> Source for Arrow<R> {
    type Row = R;

    fn rows(&self) -> Result<impl Iterator<Item = Result<R>>> {
        let unreadable = |source| Error::File { action: "read", path: self.path.clone(), source };
        let file = File::open(&self.path).map_err(unreadable)?;
        let name = self.path.display().to_string();
        let reader = FileReader::try_new(BufReader::new(file), None).map_err(|error| {
            Error::Database { database: name.clone(), reason: error.to_string() }
        })?;
        let schema = reader.schema();
        rows(name, &schema, reader.map(|table| table.map_err(|error| error.to_string())))
    }
}
