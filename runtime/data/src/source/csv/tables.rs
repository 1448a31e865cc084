//! Reads whole tables where a part of the file is well-formed; elsewhere row by row.

use multi_input_base::Result;
use serde::de::DeserializeOwned;

use super::{
    super::blocks::{Block, BlockRequest},
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
    /// The slow path, which shares its window with the fast path.
    rows: Rows<R>,
    cells: Cells,
    /// The byte offset in the text of the next row.
    offset: u64,
    /// Whether the iterator is exhausted.
    ended: bool,
}

impl<'a, R: DeserializeOwned> Tables<'a, R> {
    /// The columns and the delimiter of tables; `None` where rows have to be read one by one.
    pub(super) fn plan(rows: &Rows<R>, request: &BlockRequest) -> Option<(Plan, SpecialBytes)> {
        Some((request.plan(rows.header().iter())?, SpecialBytes::new(rows.delimiter())?))
    }

    /// Continues after `rows`.
    pub(super) fn new(
        rows: Rows<R>,
        request: &'a BlockRequest,
        (plan, special): (Plan, SpecialBytes),
    ) -> Tables<'a, R> {
        let offset = rows.offset();
        Tables { request, plan, special, rows, cells: Cells::default(), offset, ended: false }
    }

    /// The rows that end within the buffer as a table, and their length in bytes.
    fn table(&mut self) -> Option<(Table, usize)> {
        let Tables { request, plan, special, rows, cells, offset, .. } = self;
        let width = rows.header().len();
        let (buffer, is_last) = rows.text().next_bytes(*offset, BUFFER_LEN);
        let consumed = cells.split(buffer, width, *special, is_last)?;
        let text = std::str::from_utf8(buffer.get(..consumed)?).ok()?;
        let found = CellGrid::new(text, cells, width, rows.markers());
        if found.has_row(rows.header()) {
            return None;
        }
        let table = rows.file().within_folder(|| request.table(plan, &found))?;
        (consumed > 0 || is_last).then_some((table, consumed))
    }

    /// Reads the rows of the buffer one by one; the last one may end behind it.
    fn read_rows(&mut self) -> Result<Vec<Result<R>>> {
        let (buffer, _) = self.rows.text().next_bytes(self.offset, BUFFER_LEN);
        let end = self.offset + buffer.len() as u64;
        let gone = self.rows.seek_to(self.offset);
        gone.map_err(|error| self.rows.file().unreadable(error))?;
        let mut read = Vec::new();
        while self.rows.offset() < end {
            match self.rows.next() {
                Some(row) => read.push(row),
                None => break,
            }
        }
        self.offset = self.rows.offset().max(end);
        Ok(read)
    }

    fn read(&mut self) -> Result<Option<Block<R>>> {
        loop {
            let offset = self.offset;
            self.rows.window().release(offset);
            let filled = self.rows.window().fill(offset, BUFFER_LEN);
            filled.map_err(|error| self.rows.file().unreadable(error))?;
            if self.rows.text().bytes_from(offset).is_empty() {
                return Ok(None);
            }
            match self.table() {
                None => return self.read_rows().map(|rows| Some(Block::Rows(rows))),
                Some((table, consumed)) => {
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
