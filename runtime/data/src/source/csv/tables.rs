//! Reads whole tables where a part of the file is well-formed; elsewhere row by row.

use std::io::{Read, Seek, SeekFrom};

use multi_input_base::Result;
use serde::de::DeserializeOwned;

use super::{
    super::{
        blocks::{Block, BlockRequest},
        file::Reader,
    },
    rows::Rows,
    split::{CellGrid, Cells, SpecialBytes},
};
use crate::{columns::Plan, Table};

/// Bytes per buffer: they fit into the cache, and are so many that threads rarely wake each other.
const BUFFER_LEN: usize = 1 << 18;

/// The rows of a file, one buffer at a time.
pub(super) struct Tables<'a, R> {
    request: &'a BlockRequest,
    plan: Plan,
    special: SpecialBytes,
    /// The slow path.
    rows: Rows<R>,
    reader: Reader,
    /// Length of the byte order mark.
    bom_len: u64,
    buffer: Vec<u8>,
    cells: Cells,
    /// The byte offset of the buffer in the text.
    offset: u64,
    /// Whether the iterator is exhausted.
    ended: bool,
}

impl<'a, R: DeserializeOwned> Tables<'a, R> {
    /// Continues after `rows`. Returns `rows` if their columns or delimiter do not support tables.
    pub(super) fn of(
        rows: Rows<R>,
        request: &'a BlockRequest,
    ) -> Result<std::result::Result<Tables<'a, R>, Rows<R>>> {
        let plan = request.plan(rows.header().iter());
        let (Some(plan), Some(special)) = (plan, SpecialBytes::new(rows.delimiter())) else {
            return Ok(Err(rows));
        };
        let (reader, bom_len) = rows.file().open()?;
        let offset = rows.offset();
        let mut tables = Tables {
            request,
            plan,
            special,
            rows,
            reader,
            bom_len,
            buffer: Vec::with_capacity(BUFFER_LEN),
            cells: Cells::default(),
            offset,
            ended: false,
        };
        tables.seek_to(offset)?;
        Ok(Ok(tables))
    }

    /// Starts a new buffer at a byte offset of the text.
    fn seek_to(&mut self, offset: u64) -> Result<()> {
        (self.offset, _) = (offset, self.buffer.clear());
        let seek = self.reader.seek(SeekFrom::Start(self.bom_len + offset));
        seek.map(drop).map_err(|error| self.rows.file().unreadable(error))
    }

    /// Fills the buffer. Returns whether the file ends with it.
    fn fill(&mut self) -> Result<bool> {
        let room = BUFFER_LEN.saturating_sub(self.buffer.len());
        let read = self.reader.by_ref().take(room as u64).read_to_end(&mut self.buffer);
        read.map(|read| read < room).map_err(|error| self.rows.file().unreadable(error))
    }

    /// The rows that end within the buffer as a table, and their length in bytes.
    fn table(&mut self, is_last: bool) -> Option<(Table, usize)> {
        let width = self.rows.header().len();
        let consumed = self.cells.split(&self.buffer, width, self.special, is_last)?;
        let text = std::str::from_utf8(self.buffer.get(..consumed)?).ok()?;
        let found = CellGrid::new(text, &self.cells, width);
        let table = self.rows.file().within_folder(|| self.request.table(&self.plan, &found))?;
        (consumed > 0 || is_last).then_some((table, consumed))
    }

    /// Reads the rows of the buffer one by one; the last one may end behind it.
    fn read_rows(&mut self) -> Result<Vec<Result<R>>> {
        let end = self.offset + self.buffer.len() as u64;
        let gone = self.rows.seek_to(self.offset);
        gone.map_err(|error| self.rows.file().unreadable(error))?;
        let mut read = Vec::new();
        while self.rows.offset() < end {
            match self.rows.next() {
                Some(row) => read.push(row),
                None => break,
            }
        }
        self.seek_to(self.rows.offset().max(end.min(self.rows.length())))?;
        Ok(read)
    }

    fn read(&mut self) -> Result<Option<Block<R>>> {
        loop {
            let is_last = self.fill()?;
            if self.buffer.is_empty() {
                return Ok(None);
            }
            match self.table(is_last) {
                None => return self.read_rows().map(|rows| Some(Block::Rows(rows))),
                Some((table, consumed)) => {
                    self.buffer.drain(..consumed);
                    self.offset += consumed as u64;
                    if table.rows > 0 {
                        return Ok(Some(Block::Table(table)));
                    }
                }
            }
        }
    }
}

impl<R: DeserializeOwned> Iterator for Tables<'_, R> {
    type Item = Block<R>;

    fn next(&mut self) -> Option<Block<R>> {
        if self.ended {
            return None;
        }
        let read = self.read();
        self.ended = self.rows.have_ended() || !matches!(read, Ok(Some(_)));
        read.unwrap_or_else(|error| Some(Block::Rows(vec![Err(error)])))
    }
}
