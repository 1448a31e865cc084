//! Lists of any length, from one cell or from a group of columns that ends in blanks.

use super::{
    parse::{FromCells, Problem, View},
    Cell,
};

/// A list of any length. `Option<Vec<T>>` is absent where its cell, or every column of its group, is
/// blank; an empty list is present.
impl<T: FromCells> FromCells for Vec<T> {
    const ENDS_IN_BLANKS: bool = true;

    fn read(cells: &[View<'_>]) -> Result<Vec<T>, Problem> {
        match cells {
            [view] => match view.cell {
                Cell::List(list) => {
                    let item = |(index, cell)| T::read(&[view.item(index, cell)]);
                    list.iter().enumerate().map(item).collect()
                }
                _ if view.is_of_a_group() => of_columns(cells),
                Cell::Blank => Ok(Vec::new()),
                _ => Err(view.problem("a list (`split(\" \")` cuts a text into one)")),
            },
            columns => of_columns(columns),
        }
    }
}

/// Reads a group of columns, each item of which has as many as it has elements. Blank columns end
/// the list.
fn of_columns<T: FromCells>(columns: &[View<'_>]) -> Result<Vec<T>, Problem> {
    let filled = columns.iter().rposition(|view| !T::is_blank(view.cell));
    let items = filled.map_or(0, |last| last / T::ELEMENTS.max(1) + 1);
    let read = |item: &[View<'_>]| match item.iter().find(|view| T::is_blank(view.cell)) {
        Some(blank) if !blank.takes_blank() => {
            Err(blank.problem("a value, because a later column of this list has one"))
        }
        _ => T::read(item),
    };
    columns.chunks(T::ELEMENTS.max(1)).take(items).map(read).collect()
}
