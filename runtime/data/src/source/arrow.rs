//! Rows from Arrow IPC files.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom},
    marker::PhantomData,
    ops::Range,
    path::{Path, PathBuf},
};

use arrow_array::RecordBatch as Batch;
use arrow_ipc::{
    reader::{read_footer_length, FileReader},
    root_as_footer, root_as_message, Block as IpcBlock, Message, RecordBatch,
};
use arrow_schema::ArrowError;
use multi_input_base::{Error, Result};
use multi_input_cells::file::with_actual_format;
use serde::de::DeserializeOwned;

use super::{
    blocks::by_rows,
    columnar::{decoded, divide, groups_of, names, Decoded, FileRows, Tables},
    files::{in_turn, Files},
    shard::ShardCache,
    Block, BlockRequest, Blocks, Source,
};

/// An Arrow IPC file, also called Feather, or several; requires the feature `arrow`. Columns are read
/// as those of a Parquet file, and several ranks divide the record batches as the row groups of
/// Parquet files. pandas: `read_feather`.
#[derive(Clone, Debug)]
pub struct Arrow<R> {
    files: Files<PathBuf>,
    /// The parts of files that each shard reads.
    shards: ShardCache<Vec<Vec<(PathBuf, Range<usize>)>>>,
    row: PhantomData<fn() -> R>,
}

impl<R: DeserializeOwned> Arrow<R> {
    /// Creates a source from the path of a file.
    pub fn new(path: impl AsRef<Path>) -> Arrow<R> {
        Arrow::of(Files::One(path.as_ref().into()))
    }

    /// Creates a source from several files, whose rows follow one another in the order of the paths.
    pub fn files(paths: impl IntoIterator<Item = impl AsRef<Path>>) -> Arrow<R> {
        Arrow::of(Files::list(paths, Path::to_owned))
    }

    /// Creates a source from the files that match a pattern: see [`Csv::pattern`](super::Csv::pattern).
    pub fn pattern(pattern: impl Into<String>) -> Arrow<R> {
        Arrow::of(Files::Pattern(pattern.into()))
    }

    fn of(files: Files<PathBuf>) -> Arrow<R> {
        Arrow { files, shards: ShardCache::default(), row: PhantomData }
    }

    /// The files that the request's shard reads, and the rows of each.
    fn files_of(&self, request: &BlockRequest) -> Result<Vec<(PathBuf, Range<usize>)>> {
        let shard = request.shard();
        let shards = self.shards.get(shard.count, || {
            let files = self.files.all(Path::to_owned)?;
            let groups = files.iter().map(|path| Ok(open(path)?.1)).collect::<Result<Vec<_>>>()?;
            let with_path = |(file, rows): FileRows| (files[file].clone(), rows);
            let shards = divide(&groups, shard.count).into_iter();
            Ok(shards.map(|shard| shard.into_iter().map(with_path).collect()).collect())
        })?;
        Ok(shards.get(shard.index).cloned().unwrap_or_default())
    }
}

impl<R: DeserializeOwned> Source for Arrow<R> {
    type Row = R;

    fn rows(&self) -> Result<impl Iterator<Item = Result<R>>> {
        let open = |path: PathBuf| Ok(tables::<R>(&path, None)?.rows());
        in_turn(self.files.all(Path::to_owned)?, open, Err)
    }

    fn blocks<'a>(&'a self, request: &'a BlockRequest) -> Result<Blocks<'a, R>> {
        let files = match request.shard().is_all() {
            true => self.files.all(Path::to_owned)?.into_iter().map(|path| (path, None)).collect(),
            false => {
                let files = self.files_of(request)?.into_iter();
                files.map(|(path, rows)| (path, Some(rows))).collect::<Vec<_>>()
            }
        };
        let open = |(path, range): (PathBuf, Option<Range<usize>>)| -> Result<Blocks<'a, R>> {
            let tables = tables(&path, range)?;
            Ok(match request.plan(tables.names()) {
                Some(plan) => Box::new(tables.blocks(plan, request)),
                None => by_rows(tables.rows(), request),
            })
        };
        let failed = |error| Block::Rows(vec![Err(error)]);
        Ok(Box::new(in_turn(files, open, failed)?))
    }

    fn count_rows(&self, request: &BlockRequest) -> Result<usize> {
        Ok(self.files_of(request)?.iter().map(|(_, rows)| rows.len()).sum())
    }
}

/// The tables of a file: those of a range of rows, or all of them.
fn tables<R: DeserializeOwned>(
    path: &Path,
    range: Option<Range<usize>>,
) -> Result<Tables<impl Iterator<Item = Decoded>, R>> {
    let (file, groups) = open(path)?;
    let invalid = |error: ArrowError| Error::Database {
        database: path.display().to_string(),
        reason: error.to_string(),
    };
    let mut reader = FileReader::try_new(BufReader::new(file), None).map_err(invalid)?;
    let schema = reader.schema();
    let range = range.unwrap_or(0..usize::MAX);
    let (own, first_row) = groups_of(&groups, &range);
    if own.start > 0 {
        reader.set_index(own.start).map_err(invalid)?;
    }
    let tables = within(reader, range.start - first_row, range.len());
    Ok(Tables::new(path, names(&schema), decoded(tables)).starting_at(range.start))
}

/// Rows of consecutive tables: `rows` of them, behind the first `skipped` ones.
fn within<E>(
    mut tables: impl Iterator<Item = std::result::Result<Batch, E>>,
    mut skipped: usize,
    mut rows: usize,
) -> impl Iterator<Item = std::result::Result<Batch, E>> {
    std::iter::from_fn(move || {
        if rows == 0 {
            return None;
        }
        Some(tables.next()?.map(|table| {
            let from = skipped.min(table.num_rows());
            let count = rows.min(table.num_rows() - from);
            (skipped, rows) = (skipped - from, rows - count);
            table.slice(from, count)
        }))
    })
}

/// Opens a file whose metadata is valid; and the number of rows of each record batch.
fn open(path: &Path) -> Result<(File, Vec<usize>)> {
    let unreadable = |source| Error::File { action: "read", path: path.into(), source };
    let mut file = File::open(path).map_err(unreadable)?;
    let groups = check(&mut file).map_err(|damage| match damage {
        Damage::Unreadable(error) => unreadable(error),
        Damage::Invalid(reason) => Error::Database {
            database: path.display().to_string(),
            reason: with_actual_format(path, "ARROW1", reason),
        },
    })?;
    Ok((file, groups))
}

/// Maximum decompressed size of a buffer in bytes: its offsets have 31 bits.
const MAX_DECOMPRESSED: i64 = 1 << 31;

/// Length in bytes of the end of the file: the footer's length and `ARROW1`.
const TAIL: usize = 10;

/// The reason why a file cannot be read.
enum Damage {
    Unreadable(io::Error),
    Invalid(String),
}

impl From<io::Error> for Damage {
    fn from(error: io::Error) -> Damage {
        Damage::Unreadable(error)
    }
}

fn invalid<T>(what: impl Into<String>) -> std::result::Result<T, Damage> {
    Err(Damage::Invalid(what.into()))
}

/// Validates the sizes in the metadata of a file against the file's size. The `arrow` reader does
/// not: it allocates as much memory as a file claims, and panics at negative sizes. Returns the number
/// of rows of each record batch.
fn check(file: &mut File) -> CheckedRows {
    let size = file.seek(SeekFrom::End(0))?;
    let mut tail = [0; TAIL];
    if size < TAIL as u64 {
        return invalid("expected an Arrow file, found a few bytes");
    }
    read_at(file, size - TAIL as u64, &mut tail)?;
    let length = read_footer_length(tail).map_err(|error| Damage::Invalid(error.to_string()))?;
    let Some(start) = (size - TAIL as u64).checked_sub(length as u64) else {
        return invalid(format!("its footer of {length} bytes is longer than the file"));
    };
    let mut footer = vec![0; length];
    read_at(file, start, &mut footer)?;
    let footer = root_as_footer(&footer).map_err(|error| Damage::Invalid(error.to_string()))?;
    let dictionaries = footer.dictionaries().into_iter().flatten();
    dictionaries.map(|block| check_block(file, block, size)).collect::<CheckedRows>()?;
    let batches = footer.recordBatches().into_iter().flatten();
    let rows = batches.map(|block| check_block(file, block, size)).collect::<CheckedRows>()?;
    file.rewind()?;
    Ok(rows)
}

type CheckedRows = std::result::Result<Vec<usize>, Damage>;

/// Checks a record batch or a dictionary batch. Returns its number of rows.
fn check_block(file: &mut File, block: &IpcBlock, size: u64) -> std::result::Result<usize, Damage> {
    let sizes = [block.offset(), block.metaDataLength().into(), block.bodyLength()];
    let [Ok(start), Ok(head), Ok(body)] = sizes.map(u64::try_from) else {
        return invalid("a table has a negative size or place");
    };
    if start.saturating_add(head).saturating_add(body) > size {
        return invalid("a table is said to reach beyond the end of the file");
    }
    let mut bytes = vec![0; head as usize];
    read_at(file, start, &mut bytes)?;
    // Newer files have a continuation marker before the length.
    let prefix = if bytes.starts_with(&[0xff; 4]) { 8 } else { 4 };
    let message = bytes.get(prefix..).unwrap_or_default();
    let message = root_as_message(message).map_err(|error| Damage::Invalid(error.to_string()))?;
    match batch(&message) {
        Some(batch) => {
            check_buffers(file, batch, (start + head, body))?;
            Ok(batch.length().try_into().unwrap_or(0))
        }
        None => invalid("a table is said to be something else"),
    }
}

/// The record batch of a message.
fn batch<'a>(message: &Message<'a>) -> Option<RecordBatch<'a>> {
    let dictionary = message.header_as_dictionary_batch();
    message.header_as_record_batch().or_else(|| dictionary?.data())
}

/// Checks the buffers of a record batch, in a body of `body` bytes that begins at `start`.
fn check_buffers(
    file: &mut File,
    batch: RecordBatch<'_>,
    (start, body): (u64, u64),
) -> std::result::Result<(), Damage> {
    for buffer in batch.buffers().into_iter().flatten() {
        let [Ok(offset), Ok(length)] = [buffer.offset(), buffer.length()].map(u64::try_from) else {
            return invalid("a column has a negative size or place");
        };
        if offset.saturating_add(length) > body {
            return invalid("a column is said to reach beyond the end of its table");
        }
        if batch.compression().is_some() && length >= 8 {
            let mut decompressed = [0; 8];
            read_at(file, start + offset, &mut decompressed)?;
            // -1 denotes an uncompressed buffer.
            let decompressed = i64::from_le_bytes(decompressed);
            if !(-1..=MAX_DECOMPRESSED).contains(&decompressed) {
                return invalid(format!("a column is said to unpack to {decompressed} bytes"));
            }
        }
    }
    Ok(())
}

fn read_at(file: &mut File, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(offset))?;
    file.read_exact(bytes)
}
