//! Rows from an Arrow IPC file.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom},
    marker::PhantomData,
    path::{Path, PathBuf},
};

use arrow_ipc::{
    reader::{read_footer_length, FileReader},
    root_as_footer, root_as_message, Block, Message, RecordBatch,
};
use multi_input_base::{Error, Result};
use serde::de::DeserializeOwned;

use super::{
    blocks::by_rows,
    columnar::{decoded, names, Decoded, Tables},
    other_formats::or_another,
    BlockRequest, Blocks, Source,
};

/// A file of Arrow's IPC format, also called Feather; needs the feature `arrow`. Columns become
/// fields as those of a Parquet file do. pandas: `read_feather`.
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

impl<R: DeserializeOwned> Arrow<R> {
    fn tables(&self) -> Result<Tables<impl Iterator<Item = Decoded>, R>> {
        let unreadable = |source| Error::File { action: "read", path: self.path.clone(), source };
        let mut file = File::open(&self.path).map_err(unreadable)?;
        let name = self.path.display().to_string();
        check(&mut file).map_err(|damage| match damage {
            Damage::Unreadable(error) => unreadable(error),
            Damage::Untrue(reason) => Error::Database {
                database: name.clone(),
                reason: or_another(&self.path, "ARROW1", reason),
            },
        })?;
        let reader = FileReader::try_new(BufReader::new(file), None).map_err(|error| {
            Error::Database { database: name.clone(), reason: error.to_string() }
        })?;
        let schema = reader.schema();
        Ok(Tables::new(&self.path, names(&schema), decoded(reader)))
    }
}

impl<R: DeserializeOwned> Source for Arrow<R> {
    type Row = R;

    fn rows(&self) -> Result<impl Iterator<Item = Result<R>>> {
        Ok(self.tables()?.rows())
    }

    fn blocks<'a>(&'a self, wanted: &'a BlockRequest) -> Result<Blocks<'a, R>> {
        let tables = self.tables()?;
        match wanted.plan(tables.names()) {
            Some(plan) => Ok(Box::new(tables.blocks(plan, wanted))),
            None => Ok(by_rows(tables.rows(), wanted)),
        }
    }
}

/// The most that a column of a table may unpack to: offsets into it have 31 bits.
const MOST_UNPACKED: i64 = 1 << 31;

/// What stands behind the last table: the footer's length and `ARROW1`.
const TAIL: usize = 10;

/// Why a file is not read.
enum Damage {
    Unreadable(io::Error),
    Untrue(String),
}

impl From<io::Error> for Damage {
    fn from(error: io::Error) -> Damage {
        Damage::Unreadable(error)
    }
}

fn untrue<T>(what: impl Into<String>) -> std::result::Result<T, Damage> {
    Err(Damage::Untrue(what.into()))
}

/// Checks the sizes that a file states against those that it has. Arrow's own reader believes them: it
/// reserves whatever memory they ask for, and panics where they are negative.
fn check(file: &mut File) -> std::result::Result<(), Damage> {
    let size = file.seek(SeekFrom::End(0))?;
    let mut tail = [0; TAIL];
    if size < TAIL as u64 {
        return untrue("expected an Arrow file, found a few bytes");
    }
    read_at(file, size - TAIL as u64, &mut tail)?;
    let length = read_footer_length(tail).map_err(|error| Damage::Untrue(error.to_string()))?;
    let Some(start) = (size - TAIL as u64).checked_sub(length as u64) else {
        return untrue(format!("its footer of {length} bytes is longer than the file"));
    };
    let mut footer = vec![0; length];
    read_at(file, start, &mut footer)?;
    let footer = root_as_footer(&footer).map_err(|error| Damage::Untrue(error.to_string()))?;
    let blocks = footer.dictionaries().into_iter().chain(footer.recordBatches());
    blocks.flatten().try_for_each(|block| check_block(file, block, size))?;
    Ok(file.rewind()?)
}

/// Checks a table or a dictionary.
fn check_block(file: &mut File, block: &Block, size: u64) -> std::result::Result<(), Damage> {
    let sizes = [block.offset(), block.metaDataLength().into(), block.bodyLength()];
    let [Ok(start), Ok(head), Ok(body)] = sizes.map(u64::try_from) else {
        return untrue("a table has a negative size or place");
    };
    if start.saturating_add(head).saturating_add(body) > size {
        return untrue("a table is said to reach beyond the end of the file");
    }
    let mut bytes = vec![0; head as usize];
    read_at(file, start, &mut bytes)?;
    // Newer files have a mark before the length.
    let prefix = if bytes.starts_with(&[0xff; 4]) { 8 } else { 4 };
    let message = bytes.get(prefix..).unwrap_or_default();
    let message = root_as_message(message).map_err(|error| Damage::Untrue(error.to_string()))?;
    match batch(&message) {
        Some(batch) => check_buffers(file, batch, (start + head, body)),
        None => untrue("a table is said to be something else"),
    }
}

/// The columns of a message.
fn batch<'a>(message: &Message<'a>) -> Option<RecordBatch<'a>> {
    let dictionary = message.header_as_dictionary_batch();
    message.header_as_record_batch().or_else(|| dictionary?.data())
}

/// Checks the buffers of a table's columns, which lie in a body from `start` on.
fn check_buffers(
    file: &mut File,
    batch: RecordBatch<'_>,
    (start, body): (u64, u64),
) -> std::result::Result<(), Damage> {
    for buffer in batch.buffers().into_iter().flatten() {
        let [Ok(offset), Ok(length)] = [buffer.offset(), buffer.length()].map(u64::try_from) else {
            return untrue("a column has a negative size or place");
        };
        if offset.saturating_add(length) > body {
            return untrue("a column is said to reach beyond the end of its table");
        }
        if batch.compression().is_some() && length >= 8 {
            let mut unpacked = [0; 8];
            read_at(file, start + offset, &mut unpacked)?;
            // -1 says that it is not compressed after all.
            let unpacked = i64::from_le_bytes(unpacked);
            if !(-1..=MOST_UNPACKED).contains(&unpacked) {
                return untrue(format!("a column is said to unpack to {unpacked} bytes"));
            }
        }
    }
    Ok(())
}

fn read_at(file: &mut File, place: u64, bytes: &mut [u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(place))?;
    file.read_exact(bytes)
}
