//! Rows from a Parquet file.

use std::{
    fs::File,
    marker::PhantomData,
    num::NonZero,
    path::{Path, PathBuf},
    sync::mpsc::sync_channel,
};

use multi_input_base::{Error, Result};
use parquet::{
    arrow::{
        arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder},
        ProjectionMask,
    },
    errors::ParquetError,
};
use serde::de::DeserializeOwned;

use super::{
    blocks::by_rows,
    columnar::{decoded, names, Decoded, Tables, ROWS_AT_ONCE},
    other_formats::or_another,
    BlockRequest, Blocks, Source,
};

/// A Parquet file; needs the feature `parquet`.
///
/// Columns are found by their names, as those of a [`Csv`](super::Csv) are, and hold
/// [what cells may hold](crate#cells); lists fill arrays. A few thousand rows are decoded at a time, and in
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

impl<R: DeserializeOwned> Source for Parquet<R> {
    type Row = R;

    fn rows(&self) -> Result<impl Iterator<Item = Result<R>>> {
        let metadata = metadata(&self.path)?;
        let found = decode(&self.path, &metadata, ProjectionMask::all())?;
        Ok(Tables::new(&self.path, names(metadata.schema()), found).rows())
    }

    fn blocks<'a>(&'a self, wanted: &'a BlockRequest) -> Result<Blocks<'a, R>> {
        let metadata = metadata(&self.path)?;
        let names: Vec<&str> = names(metadata.schema()).collect();
        let Some(plan) = wanted.plan(names.iter().copied()) else {
            return Ok(by_rows(self.rows()?, wanted));
        };
        let parts = divided(&metadata, &plan.columns());
        let own = || parts.iter().flatten().map(|&column| names[column]);
        let Some(plan) = wanted.plan(own()) else { return Ok(by_rows(self.rows()?, wanted)) };
        let found = parts.iter().map(|part| {
            let columns = ProjectionMask::roots(metadata.parquet_schema(), part.iter().copied());
            decode(&self.path, &metadata, columns)
        });
        let found = side_by_side(found.collect::<Result<Vec<_>>>()?);
        Ok(Box::new(Tables::new(&self.path, own(), found).blocks(plan, wanted)))
    }
}

fn open(path: &Path) -> Result<File> {
    let unreadable = |source| Error::File { action: "read", path: path.into(), source };
    File::open(path).map_err(unreadable)
}

fn metadata(path: &Path) -> Result<ArrowReaderMetadata> {
    let metadata = ArrowReaderMetadata::load(&open(path)?, ArrowReaderOptions::default());
    metadata.map_err(|error| damaged(path, &error))
}

/// Some columns of all rows. Each reader has the file opened for itself, for it goes to and fro.
fn decode(
    path: &Path,
    metadata: &ArrowReaderMetadata,
    columns: ProjectionMask,
) -> Result<impl Iterator<Item = Decoded> + Send + use<>> {
    let (file, metadata) = (open(path)?, metadata.clone());
    let file = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
    let reader = file.with_projection(columns).with_batch_size(ROWS_AT_ONCE).build();
    Ok(decoded(reader.map_err(|error| damaged(path, &error))?))
}

fn damaged(path: &Path, error: &ParquetError) -> Error {
    let reason = or_another(path, "PAR1", error.to_string());
    Error::Database { database: path.display().to_string(), reason }
}

/// The most threads that decode a file.
const MOST_PARTS: usize = 4;

/// Columns in as many parts as there are cores, of about as many bytes each. Row groups could be
/// decoded at the same time as well, but their size is the file's, and all of one would wait.
fn divided(metadata: &ArrowReaderMetadata, columns: &[usize]) -> Vec<Vec<usize>> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let mut bytes: Vec<(i64, usize)> = columns.iter().map(|&column| (0, column)).collect();
    for (leaf, group) in metadata.metadata().row_groups().iter().flat_map(|group| {
        let leaves = 0..group.num_columns();
        leaves.map(move |leaf| (leaf, group))
    }) {
        let root = metadata.parquet_schema().get_column_root_idx(leaf);
        if let Some((bytes, _)) = bytes.iter_mut().find(|(_, column)| *column == root) {
            *bytes = bytes.saturating_add(group.column(leaf).compressed_size());
        }
    }
    let count = cores.min(MOST_PARTS).min(columns.len()).max(1);
    let mut parts = vec![(0_i64, Vec::new()); count];
    // The largest first, each to the part that has least.
    bytes.sort_unstable_by(|a, b| b.cmp(a));
    for (bytes, column) in bytes {
        if let Some((all, part)) = parts.iter_mut().min_by_key(|(all, _)| *all) {
            *all = all.saturating_add(bytes);
            part.push(column);
        }
    }
    let parts = parts.into_iter().map(|(_, mut part)| {
        // The order in which a reader gives them.
        part.sort_unstable();
        part
    });
    parts.collect()
}

/// Tables with the columns of all parts, of which the first is decoded on this thread and each other
/// one on a thread of its own. Those end when nobody takes their tables any more.
fn side_by_side(
    parts: Vec<impl Iterator<Item = Decoded> + Send + 'static>,
) -> impl Iterator<Item = Decoded> {
    let mut parts = parts.into_iter();
    let mut first = parts.next();
    let others = parts.map(|part| {
        let (to, from) = sync_channel(1);
        std::thread::spawn(move || part.map(|found| to.send(found)).all(|sent| sent.is_ok()));
        from
    });
    let others: Vec<_> = others.collect();
    std::iter::from_fn(move || {
        let first = first.as_mut()?.next();
        let others = others.iter().map(|other| other.recv().ok());
        others.fold(first, |all, other| match (all, other) {
            (None, None) => None,
            (Some(all), Some(other)) => Some(all.and_then(|all| all.beside(other?))),
            (Some(Err(reason)), None) | (None, Some(Err(reason))) => Some(Err(reason)),
            _ => Some(Err("a column has fewer rows than another: it is damaged".to_owned())),
        })
    })
}
