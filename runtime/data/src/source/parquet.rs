//! Rows from a Parquet file.

use std::{
    fs::File,
    marker::PhantomData,
    num::NonZero,
    path::{Path, PathBuf},
    sync::mpsc::sync_channel,
};

use multi_input_base::{Error, Result};
use multi_input_cells::file::with_actual_format;
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
    BlockRequest, Blocks, Source,
};

/// A Parquet file; requires the feature `parquet`.
///
/// Columns are matched by name as in a [`Csv`](super::Csv), and hold [cells](crate::columns#cells); lists
/// fill arrays. A few thousand rows are decoded at a time; training decodes only the columns of the
/// model. pandas: `read_parquet`.
#[derive(Clone, Debug)]
pub struct Parquet<R> {
    path: PathBuf,
    row: PhantomData<fn() -> R>,
}

impl<R: DeserializeOwned> Parquet<R> {
    /// Creates a source from the path of a file.
    pub fn new(path: impl AsRef<Path>) -> Parquet<R> {
        Parquet { path: path.as_ref().into(), row: PhantomData }
    }
}

impl<R: DeserializeOwned> Source for Parquet<R> {
    type Row = R;

    fn rows(&self) -> Result<impl Iterator<Item = Result<R>>> {
        let metadata = metadata(&self.path)?;
        let tables = decode(&self.path, &metadata, ProjectionMask::all())?;
        Ok(Tables::new(&self.path, names(metadata.schema()), tables).rows())
    }

    fn blocks<'a>(&'a self, request: &'a BlockRequest) -> Result<Blocks<'a, R>> {
        let metadata = metadata(&self.path)?;
        let names: Vec<&str> = names(metadata.schema()).collect();
        let Some(plan) = request.plan(names.iter().copied()) else {
            return Ok(by_rows(self.rows()?, request));
        };
        let partitions = partition_columns(&metadata, &plan.columns());
        let column_names = || partitions.iter().flatten().map(|&column| names[column]);
        let Some(plan) = request.plan(column_names()) else {
            return Ok(by_rows(self.rows()?, request));
        };
        let tables = partitions.iter().map(|partition| {
            let columns =
                ProjectionMask::roots(metadata.parquet_schema(), partition.iter().copied());
            decode(&self.path, &metadata, columns)
        });
        let tables = join_partitions(tables.collect::<Result<Vec<_>>>()?);
        Ok(Box::new(Tables::new(&self.path, column_names(), tables).blocks(plan, request)))
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

/// Decodes some columns of all rows. Each reader opens the file separately, because it seeks.
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
    let reason = with_actual_format(path, "PAR1", error.to_string());
    Error::Database { database: path.display().to_string(), reason }
}

/// Maximum number of decoding threads.
const MAX_PARTITIONS: usize = 4;

/// Partitions columns by compressed size, for at most one decoding thread per core. Row groups
/// could be decoded in parallel as well, but the file determines their size, and a whole row group
/// would be buffered.
fn partition_columns(metadata: &ArrowReaderMetadata, columns: &[usize]) -> Vec<Vec<usize>> {
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
    let count = cores.min(MAX_PARTITIONS).min(columns.len()).max(1);
    let mut partitions = vec![(0_i64, Vec::new()); count];
    // Greedy partitioning: the largest column first, each to the smallest partition.
    bytes.sort_unstable_by(|a, b| b.cmp(a));
    for (bytes, column) in bytes {
        if let Some((all, partition)) = partitions.iter_mut().min_by_key(|(all, _)| *all) {
            *all = all.saturating_add(bytes);
            partition.push(column);
        }
    }
    let partitions = partitions.into_iter().map(|(_, mut partition)| {
        // Readers give columns in increasing order.
        partition.sort_unstable();
        partition
    });
    partitions.collect()
}

/// Joins the tables of all partitions column-wise. The first partition is decoded on this thread,
/// each other one on its own thread, which ends when the receiver is dropped.
fn join_partitions(
    partitions: Vec<impl Iterator<Item = Decoded> + Send + 'static>,
) -> impl Iterator<Item = Decoded> {
    let mut partitions = partitions.into_iter();
    let mut first = partitions.next();
    let others = partitions.map(|partition| {
        let (to, from) = sync_channel(1);
        std::thread::spawn(move || partition.map(|table| to.send(table)).all(|sent| sent.is_ok()));
        from
    });
    let others: Vec<_> = others.collect();
    std::iter::from_fn(move || {
        let first = first.as_mut()?.next();
        let others = others.iter().map(|other| other.recv().ok());
        others.fold(first, |all, other| match (all, other) {
            (None, None) => None,
            (Some(all), Some(other)) => Some(all.and_then(|all| all.with_columns(other?))),
            (Some(Err(reason)), None) | (None, Some(Err(reason))) => Some(Err(reason)),
            _ => Some(Err("a column has fewer rows than another: it is damaged".to_owned())),
        })
    })
}
