//! Appends the cells of many rows to the columns of a table, without a struct for each row.
//!
//! This fast path accepts only valid rows. If any cell is not valid it gives up, and the caller
//! reads the rows one by one, which reports the error.

use std::sync::Arc;

use multi_input_cells::{Cell, FieldColumns};

use super::{CellDeserializer, CellError, FieldSpec, FromCells, Layout, RowSpec, View};
use crate::{Column, Raw, Table, Values};

/// The cells of a block of rows, indexed by row and source column.
pub trait Grid {
    /// Number of rows.
    fn rows(&self) -> usize;

    /// The cell of a row and column; `None` where it cannot be read.
    fn cell(&self, row: usize, column: usize) -> Option<Cell<'_>>;

    /// Appends the numbers of some columns in row-major order. Blank cells are NaN where `blanks`
    /// allows them. Returns whether all cells are numbers of the type of `to`.
    fn numbers(&self, columns: &[usize], blanks: bool, to: &mut Values) -> bool;

    /// Appends the texts of some columns in row-major order. Blank cells are empty texts where
    /// `blanks` allows them. Returns whether all cells are texts.
    fn texts(&self, columns: &[usize], blanks: bool, to: &mut Vec<Arc<str>>) -> bool;
}

/// Appends the cells of a field, in the given source columns, to an empty column of a table.
/// Returns whether all cells were valid.
pub type Append = fn(&FieldSpec, &dyn Grid, &[usize], &mut Column) -> bool;

/// [`Append`] for a field of type `T`.
pub fn append<T: FromCells + Raw>(
    field: &FieldSpec,
    grid: &dyn Grid,
    columns: &[usize],
    to: &mut Column,
) -> bool {
    let is_plain = field.format.is_default() && columns.len() == T::ELEMENTS;
    if let Some(append) = T::ELEMENTWISE.filter(|_| is_plain) {
        if append(field, grid, columns, to) {
            return true;
        }
        // Cells of another type than the column may still be convertible.
        to.values = Arc::new(Values::empty(to.content));
    }
    append_each::<T>(field, grid, columns, to).is_some()
}

/// [`Append`] for a field that a function of the user reads: `#[serde(deserialize_with)]`.
pub fn append_with<T: Raw>(
    grid: &dyn Grid,
    columns: &[usize],
    to: &mut Column,
    read: fn(CellDeserializer<'_>) -> Result<T, CellError>,
) -> bool {
    let mut problem = None;
    let mut append = |row: usize| {
        let mut cells = columns.iter().map(|&column| grid.cell(row, column));
        let cell = match columns {
            [_] => cells.next()??,
            _ => Cell::List(cells.collect::<Option<_>>()?),
        };
        to.append(row, &read(CellDeserializer::new(cell)).ok()?, &mut problem);
        Some(())
    };
    (0..grid.rows()).all(|row| append(row).is_some()) && problem.is_none()
}

/// Appends value by value, as single rows are read.
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

/// Passes the cells of a field to `take`, row by row, until it returns `None`.
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
            [cell] => match field.split(cell) {
                Some(list) => take(row, &[View::new(field, field.names.name, &list)])?,
                None => take(row, &[View::new(field, field.names.name, cell)])?,
            },
            cells => {
                let views = cells.iter().map(|cell| View::new(field, field.names.name, cell));
                take(row, &views.collect::<Vec<_>>())?;
            }
        }
    }
    Some(())
}

/// Appends numbers, as many per row as there are columns.
pub(super) fn append_numbers(
    field: &FieldSpec,
    grid: &dyn Grid,
    columns: &[usize],
    to: &mut Column,
) -> bool {
    let blanks = to.content.blanks() == Some(true) && field.reads.takes_blank();
    grid.numbers(columns, blanks, Arc::make_mut(&mut to.values))
}

/// Appends texts, as many per row as there are columns.
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

/// The mapping from the fields of a row to source columns.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    spec: &'static RowSpec,
    /// Source columns of each field.
    fields: Vec<Vec<usize>>,
}

impl Plan {
    /// The plan for a source with the given column names; `None` where columns of a field are
    /// missing or ambiguous.
    pub(crate) fn new<'a>(
        spec: &'static RowSpec,
        names: impl Iterator<Item = &'a str>,
    ) -> Option<Plan> {
        let layout = Layout::of(spec, names);
        if layout.duplicate().is_some() {
            return None;
        }
        let fields = spec.fields.iter().enumerate().map(|(index, field)| {
            let FieldColumns { own, parts, .. } = layout.field(index);
            let parts: Option<Vec<usize>> = parts.iter().copied().collect();
            match (own, parts?) {
                (Some(own), parts) if parts.is_empty() => Some(vec![*own]),
                (None, parts) if field.takes(parts.len()) => Some(parts),
                _ => None,
            }
        });
        Some(Plan { spec, fields: fields.collect::<Option<_>>()? })
    }

    /// The columns that some field uses, in increasing order.
    #[cfg(feature = "parquet")]
    pub(crate) fn columns(&self) -> Vec<usize> {
        let mut columns = self.fields.concat();
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// Reads all rows of a grid into a table with the columns of `empty`; `None` where some cell is
    /// not valid.
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
