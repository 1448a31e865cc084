//! Lists of any length, from one cell or from a group of columns that ends in missing ones.

use multi_input_cells::Content;

use super::parse::{FromCells, Problem, View};

/// A list of any length. A missing cell, or a group of missing columns, is the empty list, and
/// `None` of an `Option<Vec<T>>`, for which an empty list is present.
impl<T: FromCells> FromCells for Vec<T> {
    const ELEMENTS: usize = 0;

    fn is_missing(cell: &View<'_>) -> bool {
        cell.items().is_none() && T::is_missing(cell)
    }

    fn read(cells: &[View<'_>]) -> Result<Vec<T>, Problem> {
        let [cell] = cells else { return of_columns(cells) };
        match cell.items() {
            Some(items) => items.map(|item| T::read(&[item])).collect(),
            None if cell.is_of_a_group() => of_columns(cells),
            None if T::is_missing(cell) => Ok(Vec::new()),
            None => {
                let expected = "a list (`split(\" \")` makes one of a text)";
                Err(cell.problem(expected, Content::Text))
            }
        }
    }
}

/// Reads a group of columns, of which each item has as many as it has elements. Missing columns at
/// the end are no items.
fn of_columns<T: FromCells>(columns: &[View<'_>]) -> Result<Vec<T>, Problem> {
    let width = T::ELEMENTS.max(1);
    let last = columns.iter().rposition(|cell| !T::is_missing(cell));
    let items = last.map_or(0, |last| last / width + 1);
    let read = |item: &[View<'_>]| match item.iter().find(|cell| T::is_missing(cell)) {
        Some(missing) if !missing.takes_blank() => {
            let expected = "a value, because a later column of this list has one";
            Err(missing.problem(expected, Content::Text))
        }
        _ => T::read(item),
    };
    columns.chunks(width).take(items).map(read).collect()
}
