//! Blocks of consecutive rows.

use std::ops::Range;

use multi_input_base::Result;

use super::shard::{Shard, ShardRows};
use crate::{
    columns::{Grid, Plan, RowSpec},
    schema::RowTypes,
    Content, Table,
};

/// A block of consecutive rows of a source.
#[derive(Debug)]
pub enum Block<R> {
    /// Columns of valid rows.
    Table(Table),
    /// Single rows, which may be errors.
    Rows(Vec<Result<R>>),
}

impl<R> Block<R> {
    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        match self {
            Block::Table(table) => table.rows,
            Block::Rows(rows) => rows.len(),
        }
    }

    /// Some of the rows.
    pub(super) fn within(self, range: Range<usize>) -> Block<R> {
        match self {
            whole if range == (0..whole.len()) => whole,
            Block::Table(table) => {
                let mut within = table.none();
                within.append(&table, range);
                Block::Table(within)
            }
            Block::Rows(mut rows) => Block::Rows(rows.drain(range).collect()),
        }
    }
}

/// The blocks of a pass.
pub type Blocks<'a, R> = Box<dyn Iterator<Item = Block<R>> + 'a>;

/// The form in which a source should give its rows.
#[derive(Clone, Debug)]
pub struct BlockRequest {
    /// The mapping from columns to fields, where tables are accepted.
    row: Option<&'static RowSpec>,
    /// An empty table with the columns of the result.
    empty: Table,
    /// Number of rows per block.
    at_once: usize,
    /// Whether the rows hold images.
    pictures: bool,
    /// The rows of the source that are asked for.
    rows: ShardRows,
}

/// Maximum number of rows per block. Blocks of single rows would cost more in transfer between
/// threads than in reading.
const MAX_ROWS: usize = 128;

impl BlockRequest {
    /// A request for blocks of about `at_once` rows to train on; `as_rows` asks for structs instead
    /// of tables.
    ///
    /// Rows with images are read one by one, because a decoded image may take a thousand times the
    /// memory of the preprocessed one. The overhead is small compared to decoding.
    pub fn samples<M: RowTypes>(at_once: usize, as_rows: bool) -> BlockRequest {
        let pictures = M::SCHEMA.inputs.iter().any(|input| input.kind == Content::Pictures);
        let row = M::SAMPLE_ROW.filter(|_| !as_rows && !pictures);
        let at_once = at_once.clamp(1, MAX_ROWS);
        let empty = Table::of_samples(&M::SCHEMA);
        BlockRequest { row, empty, at_once, pictures, rows: ShardRows::ALL }
    }

    /// Asks for the rows of a shard alone.
    #[must_use]
    pub fn with_shard(self, rows: ShardRows) -> BlockRequest {
        BlockRequest { rows, ..self }
    }

    /// The part of the source that is asked for.
    pub fn shard(&self) -> Shard {
        self.rows.shard()
    }

    /// The indices in the whole source of the rows that are asked for, at a [level](super::Source::levels)
    /// of it; `None` where they are not known, or all rows are asked for.
    pub(super) fn rows_at(&self, level: usize) -> Option<Range<usize>> {
        self.rows.at(level)
    }

    /// The index in the whole source of the first row that is asked for, at a level of it.
    pub(super) fn first_row(&self, level: usize) -> usize {
        self.rows_at(level).map_or(0, |rows| rows.start)
    }

    /// Number of levels of the source whose indices are known.
    pub(super) fn known_levels(&self) -> usize {
        self.rows.known_levels()
    }

    /// Minimum number of rows of a chunk, where rows are read one by one; else 0.
    pub(super) fn min_chunk_rows(&self) -> usize {
        if self.pictures {
            self.at_once
        } else {
            0
        }
    }

    /// The mapping from the given column names to the fields of a row; `None` where rows must be
    /// read one by one.
    pub(super) fn plan<'a>(&self, names: impl Iterator<Item = &'a str>) -> Option<Plan> {
        Plan::new(self.row?, names)
    }

    /// Reads the rows of a grid into a table; `None` where some cell is not valid.
    pub(super) fn table(&self, plan: &Plan, grid: &dyn Grid) -> Option<Table> {
        plan.table(grid, &self.empty)
    }
}

/// Groups single rows into blocks.
pub(super) fn by_rows<'a, R: 'a>(
    mut rows: impl Iterator<Item = Result<R>> + 'a,
    request: &'a BlockRequest,
) -> Blocks<'a, R> {
    let at_once = if request.pictures { 1 } else { request.at_once };
    let mut block = move || -> Vec<_> { rows.by_ref().take(at_once).collect() };
    let blocks = std::iter::from_fn(move || Some(block()).filter(|rows| !rows.is_empty()));
    Box::new(blocks.map(Block::Rows))
}
