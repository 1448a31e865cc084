//! Rows by the block.

use crate::{
    data::{
        columns::{Grid, Plan, RowSpec},
        Table,
    },
    definition::Definition,
    Result,
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
pub struct Wanted {
    /// How the rows are found in columns, where tables of them are welcome.
    row: Option<&'static RowSpec>,
    /// The columns of such a table.
    empty: Table,
    /// How many rows are wanted together.
    at_once: usize,
}

/// How many rows are handed over together at most: handing over each by itself would cost more than
/// reading it.
const MOST_TOGETHER: usize = 128;

impl Wanted {
    /// About so many rows to train on together; as structs alone, where somebody looks at them.
    pub(crate) fn samples<M: Definition>(at_once: usize, as_rows: bool) -> Wanted {
        let row = M::SAMPLE_ROW.filter(|_| !as_rows);
        let at_once = at_once.clamp(1, MOST_TOGETHER);
        Wanted { row, empty: Table::of_samples(&M::GRAPH), at_once }
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
    wanted: &'a Wanted,
) -> Blocks<'a, R> {
    let mut block = move || -> Vec<_> { rows.by_ref().take(wanted.at_once).collect() };
    let blocks = std::iter::from_fn(move || Some(block()).filter(|rows| !rows.is_empty()));
    Box::new(blocks.map(Block::Rows))
}
