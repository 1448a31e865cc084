//! Rows by the block.

use multi_input_base::Result;

use crate::{
    columns::{Grid, Plan, RowSpec},
    schema::RowTypes,
    Content, Table,
};

/// Some rows of a source, one after the other.
#[derive(Debug)]
pub enum Block<R> {
    /// As columns; all of them are as they should be.
    Table(Table),
    /// One by one.
    Rows(Vec<Result<R>>),
}

impl<R> Block<R> {
    /// How many rows.
    pub(super) fn len(&self) -> usize {
        match self {
            Block::Table(table) => table.rows,
            Block::Rows(rows) => rows.len(),
        }
    }
}

/// All rows of a pass.
pub type Blocks<'a, R> = Box<dyn Iterator<Item = Block<R>> + 'a>;

/// What is asked of a source.
#[derive(Clone, Debug)]
pub struct BlockRequest {
    /// How the rows are found in columns, where tables of them are welcome.
    row: Option<&'static RowSpec>,
    /// The columns of such a table.
    empty: Table,
    /// How many rows are wanted together.
    at_once: usize,
    /// Whether the rows hold pictures.
    pictures: bool,
}

/// How many rows are handed over together at most: handing over each by itself would cost more than
/// reading it.
const MOST_TOGETHER: usize = 128;

impl BlockRequest {
    /// About so many rows to train on together; as structs alone, where somebody looks at them.
    ///
    /// A picture as it is decoded may take a thousand times as much memory as what is kept of it. So
    /// rows with pictures are read one by one, which costs little beside decoding them.
    pub fn samples<M: RowTypes>(at_once: usize, as_rows: bool) -> BlockRequest {
        let pictures = M::SCHEMA.inputs.iter().any(|input| input.kind == Content::Pictures);
        let row = M::SAMPLE_ROW.filter(|_| !as_rows && !pictures);
        let at_once = at_once.clamp(1, MOST_TOGETHER);
        BlockRequest { row, empty: Table::of_samples(&M::SCHEMA), at_once, pictures }
    }

    /// How many rows are to be gathered, where they come one by one.
    pub(super) fn gathered(&self) -> usize {
        if self.pictures {
            self.at_once
        } else {
            0
        }
    }

    /// Where the fields of a row are among columns of these names; `None` where single rows are to be
    /// read.
    pub(super) fn plan<'a>(&self, names: impl Iterator<Item = &'a str>) -> Option<Plan> {
        Plan::new(self.row?, names)
    }

    /// The rows of a grid, as far as all of them are as they should be.
    pub(super) fn table(&self, plan: &Plan, grid: &dyn Grid) -> Option<Table> {
        plan.table(grid, &self.empty)
    }
}

/// Blocks of rows.
pub(super) fn by_rows<'a, R: 'a>(
    mut rows: impl Iterator<Item = Result<R>> + 'a,
    wanted: &'a BlockRequest,
) -> Blocks<'a, R> {
    let at_once = if wanted.pictures { 1 } else { wanted.at_once };
    let mut block = move || -> Vec<_> { rows.by_ref().take(at_once).collect() };
    let blocks = std::iter::from_fn(move || Some(block()).filter(|rows| !rows.is_empty()));
    Box::new(blocks.map(Block::Rows))
}
