//! Many rows at once: their cells go into the columns of a table without a struct for each row.
//!
//! This is the quick way, and it only takes what is as it should be. Where anything is not, it gives
//! up, and the rows are read one by one, which says what is wrong with which of them.

use std::sync::Arc;

use super::{Cell, FieldSpec, FromCells, Layout, RowSpec, View};
use crate::{Column, Raw, Table, Values};

/// The cells of some rows, by row and by column of their source.
pub trait Grid {
    /// How many rows there are.
    fn rows(&self) -> usize;

    /// The cell of a row in a column; `None` where it cannot be read.
    fn cell(&self, row: usize, column: usize) -> Option<Cell<'_>>;

    /// Appends the numbers of some columns, row by row, or NaN where one is blank and may be;
    /// whether all of them are numbers of the type that `to` holds.
    fn numbers(&self, columns: &[usize], blanks: bool, to: &mut Values) -> bool;

    /// Appends the texts of some columns, row by row, or an empty one where one is blank and may be;
    /// whether all of them are texts.
    fn texts(&self, columns: &[usize], blanks: bool, to: &mut Vec<Arc<str>>) -> bool;
}

/// Appends the cells of a field, which stand in these columns, to the column of a table that has none
/// of these rows yet; whether all of them could be.
pub type Append = fn(&FieldSpec, &dyn Grid, &[usize], &mut Column) -> bool;

/// [`Append`] for a field of this type.
pub fn append<T: FromCells + Raw>(
    field: &FieldSpec,
    grid: &dyn Grid,
    columns: &[usize],
    to: &mut Column,
) -> bool {
    if let Some(append) = T::ELEMENTWISE.filter(|_| columns.len() == T::ELEMENTS) {
        if append(field, grid, columns, to) {
            return true;
        }
        // Cells of another kind than the column's may be values nevertheless.
        to.values = Arc::new(Values::empty(to.content));
    }
    append_each::<T>(field, grid, columns, to).is_some()
}

/// Value by value, as single rows are read.
fn append_each<T: FromCells + Raw>(
    field: &FieldSpec,
    grid: &dyn Grid,
    columns: &[usize],
    to: &mut Column,
) -> Option<()> {
    let mut problem = None;
    each_row(field, grid, columns, &mut |row, cells| {
        to.append(row, &T::read(cells).ok()?, &mut problem);
        Some(())
    })?;
    problem.is_none().then_some(())
}

/// Hands the cells of a field to `take`, row after row, as long as it takes them.
fn each_row(
    field: &FieldSpec,
    grid: &dyn Grid,
    columns: &[usize],
    take: &mut dyn FnMut(usize, &[View<'_>]) -> Option<()>,
) -> Option<()> {
    let mut cells = Vec::with_capacity(columns.len());
    for row in 0..grid.rows() {
        cells.clear();
        for &column in columns {
            cells.push(grid.cell(row, column)?);
        }
        match &cells[..] {
            [cell] => take(row, &[View::new(field, field.name, cell)])?,
            cells => {
                let views = cells.iter().map(|cell| View::new(field, field.name, cell));
                take(row, &views.collect::<Vec<_>>())?;
            }
        }
    }
    Some(())
}

/// Numbers, as many for each row as there are columns.
pub(super) fn append_numbers(
    field: &FieldSpec,
    grid: &dyn Grid,
    columns: &[usize],
    to: &mut Column,
) -> bool {
    let blanks = to.content.blanks() == Some(true) && field.reads.takes_blank();
    grid.numbers(columns, blanks, Arc::make_mut(&mut to.values))
}

/// Texts, as many for each row as there are columns.
pub(super) fn append_texts(
    field: &FieldSpec,
    grid: &dyn Grid,
    columns: &[usize],
    to: &mut Column,
) -> bool {
    match Arc::make_mut(&mut to.values) {
        Values::Texts(texts) => grid.texts(columns, field.reads.takes_blank(), texts),
        _ => false,
    }
}

/// In which columns of a source the fields of a row stand.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    spec: &'static RowSpec,
    /// The columns of each field.
    fields: Vec<Vec<usize>>,
}

impl Plan {
    /// Of a source with columns of these names. `None` where a field's are missing, or where it is a
    /// question which ones are its own.
    pub(crate) fn new<'a>(
        spec: &'static RowSpec,
        names: impl Iterator<Item = &'a str>,
    ) -> Option<Plan> {
        let layout = Layout::of(spec, names);
        let mut filled = vec![None; layout.cells];
        for (place, column) in layout.columns().iter().enumerate() {
            for &cell in &column.fills {
                if filled[cell].replace(place).is_some() {
                    return None;
                }
            }
        }
        let fields = spec.fields.iter().enumerate().map(|(index, field)| {
            let start = layout.start(index)?;
            let (own, parts) = (&filled[start..=start], &filled[start + 1..]);
            let parts = &parts[..field.columns.len()];
            let places = match own.iter().chain(parts).filter(|cell| cell.is_some()).count() {
                1 if own[0].is_some() => own,
                count if count == parts.len() => parts,
                _ => return None,
            };
            places.iter().copied().collect()
        });
        Some(Plan { spec, fields: fields.collect::<Option<_>>()? })
    }

    /// The columns that some field asks for, in order.
    #[cfg(feature = "parquet")]
    pub fn columns(&self) -> Vec<usize> {
        let mut columns = self.fields.concat();
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// All rows of a grid as a table, of which `empty` has the columns; `None` where something is not
    /// as it should be.
    pub(crate) fn table(&self, grid: &dyn Grid, empty: &Table) -> Option<Table> {
        let mut table = empty.clone();
        if table.columns.len() != self.fields.len() {
            return None;
        }
        table.rows = grid.rows();
        let fields = self.spec.fields.iter().zip(&self.fields);
        for ((field, columns), to) in fields.zip(&mut table.columns) {
            let appended = (field.append)(field, grid, columns, to);
            let present = to.present.as_ref().is_none_or(|present| present.len() == table.rows);
            if !appended || !present || to.values.len() != table.rows * to.width {
                return None;
            }
        }
        Some(table)
    }
}
