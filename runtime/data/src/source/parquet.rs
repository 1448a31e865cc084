//! Rows from Parquet files.

mod parts;

use std::{
    fs::File,
    marker::PhantomData,
    num::NonZero,
    ops::Range,
    path::{Path, PathBuf},
    sync::{mpsc::sync_channel, Arc},
};

use arrow_schema::{DataType, Fields, Schema};

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

use self::parts::{parts, Part};
use super::{
    blocks::by_rows,
    columnar::{decoded, divide, groups_of, names, Decoded, FileRows, Tables, ROWS_AT_ONCE},
    files::{in_turn, Files},
    shard::ShardCache,
    Block, BlockRequest, Blocks, Source,
};

/// A Parquet file, a folder of them, or several; requires the feature `parquet`.
///
/// Columns are matched by name as in a [`Csv`](super::Csv), and hold [cells](crate::columns#cells); lists
/// fill arrays. A few thousand rows are decoded at a time; training decodes only the columns of the
/// model. pandas: `read_parquet`.
///
/// Each rank of a cluster reads about as many rows as every other: row groups that follow one another,
/// and parts of a row group where there are few of them. The files say how many rows they have.
#[derive(Clone, Debug)]
pub struct Parquet<R> {
    files: Files<PathBuf>,
    /// The parts of files that each shard reads.
    shards: ShardCache<Vec<Vec<(Part, Range<usize>)>>>,
    row: PhantomData<fn() -> R>,
}

impl<R: DeserializeOwned> Parquet<R> {
    /// Creates a source from the path of a file, or of a folder of parts as Spark, Dask and pandas
    /// write them.
    ///
    /// The rows of a folder are those of all files `*.parquet` in it and in the folders within, in
    /// the order of their paths, in which `part2` precedes `part10`; names that begin with a dot or an
    /// underscore are ignored. A folder `year=2024` within gives its files a column `year`, unless
    /// they have one.
    pub fn new(path: impl AsRef<Path>) -> Parquet<R> {
        Parquet::of(Files::One(path.as_ref().into()))
    }

    /// Creates a source from several files or folders, whose rows follow one another in the order of
    /// the paths.
    pub fn files(paths: impl IntoIterator<Item = impl AsRef<Path>>) -> Parquet<R> {
        Parquet::of(Files::list(paths, Path::to_owned))
    }

    /// Creates a source from the files that match a pattern: see [`Csv::pattern`](super::Csv::pattern).
    pub fn pattern(pattern: impl Into<String>) -> Parquet<R> {
        Parquet::of(Files::Pattern(pattern.into()))
    }

    fn of(files: Files<PathBuf>) -> Parquet<R> {
        Parquet { files, shards: ShardCache::default(), row: PhantomData }
    }

    fn parts(&self) -> Result<Vec<Part>> {
        let paths = self.files.all(Path::to_owned)?;
        let parts = paths.iter().map(|path| parts(path)).collect::<Result<Vec<_>>>()?;
        Ok(parts.concat())
    }

    /// The parts that the request's shard reads, and the rows of each.
    fn parts_of(&self, request: &BlockRequest) -> Result<Vec<(Part, Range<usize>)>> {
        let shard = request.shard();
        let shards = self.shards.get(shard.count, || {
            let parts = self.parts()?;
            let groups = parts.iter().map(|part| Ok(groups(&metadata(&part.path)?)));
            let shards = divide(&groups.collect::<Result<Vec<_>>>()?, shard.count);
            let with_part = |(part, rows): FileRows| (parts[part].clone(), rows);
            Ok(shards.into_iter().map(|shard| shard.into_iter().map(with_part).collect()).collect())
        })?;
        Ok(shards.get(shard.index).cloned().unwrap_or_default())
    }
}

impl<R: DeserializeOwned> Source for Parquet<R> {
    type Row = R;

    fn rows(&self) -> Result<impl Iterator<Item = Result<R>>> {
        in_turn(self.parts()?, |part| part.rows(None), Err)
    }

    fn blocks<'a>(&'a self, request: &'a BlockRequest) -> Result<Blocks<'a, R>> {
        let parts = match request.shard().is_all() {
            true => self.parts()?.into_iter().map(|part| (part, None)).collect(),
            false => {
                let parts = self.parts_of(request)?.into_iter();
                parts.map(|(part, rows)| (part, Some(rows))).collect::<Vec<_>>()
            }
        };
        let failed = |error| Block::Rows(vec![Err(error)]);
        Ok(Box::new(in_turn(parts, |(part, rows)| part.blocks(rows, request), failed)?))
    }

    fn count_rows(&self, request: &BlockRequest) -> Result<usize> {
        Ok(self.parts_of(request)?.iter().map(|(_, rows)| rows.len()).sum())
    }
}

impl Part {
    /// Some rows of the file, or all of them.
    fn rows<R: DeserializeOwned>(
        self,
        range: Option<Range<usize>>,
    ) -> Result<impl Iterator<Item = Result<R>>> {
        let metadata = metadata(&self.path)?;
        let own: Vec<&str> = names(metadata.schema()).collect();
        let keys = self.keys_beside(&own);
        let columns = own.iter().copied().chain(keys.iter().map(|(key, _)| key.as_str()));
        let tables = decode(&self.path, &metadata, ProjectionMask::all(), range.as_ref())?;
        let tables = Tables::new(&self.path, columns, with_keys(tables, keys.clone()));
        Ok(tables.starting_at(range.map_or(0, |range| range.start)).rows())
    }

    /// As [`rows`](Part::rows), in blocks.
    fn blocks<'a, R: DeserializeOwned + 'a>(
        self,
        range: Option<Range<usize>>,
        request: &'a BlockRequest,
    ) -> Result<Blocks<'a, R>> {
        let metadata = metadata(&self.path)?;
        let own: Vec<&str> = names(metadata.schema()).collect();
        let keys = self.keys_beside(&own);
        let key_names = || keys.iter().map(|(key, _)| key.as_str());
        let Some(plan) = request.plan(own.iter().copied().chain(key_names())) else {
            return Ok(by_rows(self.rows(range)?, request));
        };
        let mut columns = plan.columns();
        columns.retain(|column| *column < own.len());
        let partitions = partition_columns(&metadata, &columns);
        let names = || partitions.iter().flatten().map(|&column| own[column]).chain(key_names());
        let Some(plan) = request.plan(names()) else {
            return Ok(by_rows(self.rows(range)?, request));
        };
        let tables = partitions.iter().map(|partition| {
            let columns =
                ProjectionMask::roots(metadata.parquet_schema(), partition.iter().copied());
            decode(&self.path, &metadata, columns, range.as_ref())
        });
        let tables = join_partitions(tables.collect::<Result<Vec<_>>>()?);
        let tables = with_keys(tables, keys.clone());
        let tables = Tables::new(&self.path, names(), tables);
        let first = range.map_or(0, |range| range.start);
        Ok(Box::new(tables.starting_at(first).blocks(plan, request)))
    }

    /// The keys of the folders that are no columns of the file.
    fn keys_beside(&self, own: &[&str]) -> Vec<(String, Option<String>)> {
        self.keys.iter().filter(|(key, _)| !own.contains(&key.as_str())).cloned().collect()
    }
}

/// Appends a column with the same value in every row for each key.
fn with_keys(
    tables: impl Iterator<Item = Decoded>,
    keys: Vec<(String, Option<String>)>,
) -> impl Iterator<Item = Decoded> {
    tables.map(move |table| {
        table.map(|table| {
            let values = keys.iter().map(|(_, value)| value.as_deref());
            values.fold(table, |table, value| table.with_constant(value))
        })
    })
}

fn open(path: &Path) -> Result<File> {
    let unreadable = |source| Error::File { action: "read", path: path.into(), source };
    File::open(path).map_err(unreadable)
}

fn metadata(path: &Path) -> Result<ArrowReaderMetadata> {
    let metadata = ArrowReaderMetadata::load(&open(path)?, ArrowReaderOptions::default());
    let metadata = metadata.map_err(|error| damaged(path, &error))?;
    Ok(with_dictionaries(&metadata).unwrap_or(metadata))
}

/// The metadata by which columns of repeated texts are read as dictionaries, so that each text is
/// read once and not in every row.
fn with_dictionaries(metadata: &ArrowReaderMetadata) -> Option<ArrowReaderMetadata> {
    let schema = metadata.schema();
    let fields = schema.fields().iter().enumerate().map(|(root, field)| {
        match field.data_type().is_string() && repeats_texts(metadata, root) {
            true => {
                let of_texts = DataType::Dictionary(DataType::Int32.into(), DataType::Utf8.into());
                Arc::new(field.as_ref().clone().with_data_type(of_texts))
            }
            false => field.clone(),
        }
    });
    let fields: Fields = fields.collect();
    let schema = Schema::new_with_metadata(fields, schema.metadata().clone());
    let options = ArrowReaderOptions::new().with_schema(Arc::new(schema));
    ArrowReaderMetadata::try_new(metadata.metadata().clone(), options).ok()
}

/// Whether a column of texts is stored as a dictionary and indices in all row groups: then its values
/// take less than the length of a text would. A text that is not in the dictionary would have to be
/// searched.
fn repeats_texts(metadata: &ArrowReaderMetadata, root: usize) -> bool {
    const LENGTH: i64 = 4;
    let leaves = 0..metadata.parquet_schema().num_columns();
    let mut leaves =
        leaves.filter(|&leaf| metadata.parquet_schema().get_column_root_idx(leaf) == root);
    let (Some(leaf), None) = (leaves.next(), leaves.next()) else { return false };
    metadata.metadata().row_groups().iter().all(|group| {
        group.columns().get(leaf).is_some_and(|column| {
            column.dictionary_page_offset().is_some()
                && column.uncompressed_size() / LENGTH < column.num_values()
        })
    })
}

/// The number of rows of each row group.
fn groups(metadata: &ArrowReaderMetadata) -> Vec<usize> {
    let groups = metadata.metadata().row_groups().iter();
    groups.map(|group| group.num_rows().try_into().unwrap_or(0)).collect()
}

/// Decodes some columns of a range of rows, or of all rows. Each reader opens the file separately,
/// because it seeks.
fn decode(
    path: &Path,
    metadata: &ArrowReaderMetadata,
    columns: ProjectionMask,
    range: Option<&Range<usize>>,
) -> Result<impl Iterator<Item = Decoded> + Send + use<>> {
    let (file, metadata) = (open(path)?, metadata.clone());
    let file = match range {
        None => ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata),
        Some(range) => {
            let (own, first_row) = groups_of(&groups(&metadata), range);
            ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata)
                .with_row_groups(own.collect())
                .with_offset(range.start - first_row)
                .with_limit(range.len())
        }
    };
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
