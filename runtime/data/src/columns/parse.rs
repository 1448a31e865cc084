//! Conversion of cells to Rust types.

use std::{borrow::Cow, fmt};

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

use super::{
    dates,
    grid::{append_numbers, append_texts, Append},
    Cell, FieldSpec,
};
use crate::{
    image::files as image_files,
    real::{expected_of_float, expected_of_whole, of_float, of_whole, Real, AN_ID},
    Class, Image, ImageError,
};

/// A cell, with its column and field for error messages.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    column: &'a str,
    /// Index in the list of the cell.
    item: Option<usize>,
    pub(super) cell: &'a Cell<'a>,
    field: &'a FieldSpec,
}

impl<'a> View<'a> {
    pub(super) fn new(field: &'a FieldSpec, column: &'a str, cell: &'a Cell<'a>) -> View<'a> {
        View { column, item: None, cell, field }
    }

    /// An item of the list in this cell.
    pub(super) fn item(&self, index: usize, cell: &'a Cell<'a>) -> View<'a> {
        View { item: Some(index), cell, ..*self }
    }

    /// Whether the field is read from columns that it names.
    pub(super) fn is_of_a_group(&self) -> bool {
        !self.field.columns.is_empty()
    }

    /// Whether a blank cell is valid.
    pub(super) fn takes_blank(&self) -> bool {
        self.field.reads.takes_blank()
    }

    pub(super) fn problem(&self, expected: impl Into<String>) -> Problem {
        let item = self.item.map_or(String::new(), |item| format!(" item {item}"));
        Problem {
            location: format!("column `{}`{item}", self.column),
            expected: expected.into(),
            found: format!("{}{}", self.cell, self.advice()),
        }
    }

    /// The advice for a blank cell.
    fn advice(&self) -> String {
        let ty = self.field.ty;
        match self.cell {
            Cell::Blank if ty.starts_with("[f") => "; `impute` fills blank cells".to_owned(),
            Cell::Blank if ty.starts_with("Vec<f") => "; `impute` fills blanks".to_owned(),
            Cell::Blank if !ty.starts_with(['[', 'O', 'V']) => {
                format!("; write `Option<{ty}>` where cells may be blank")
            }
            _ => String::new(),
        }
    }
}

/// The error of cells that are not valid for a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    location: String,
    expected: String,
    found: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, found {}", self.location, self.expected, self.found)
    }
}

/// A type that is read from one or more cells.
pub trait FromCells: Sized {
    /// Number of columns of a value.
    const ELEMENTS: usize = 1;

    /// Appends the cells of many rows, where each cell is one element; `None` where values are read
    /// one by one.
    const ELEMENTWISE: Option<Append> = None;

    /// Whether blank columns may follow the cells of a value, as they end a list.
    const ENDS_IN_BLANKS: bool = false;

    /// Whether a cell denotes an absent value.
    fn is_blank(cell: &Cell<'_>) -> bool {
        *cell == Cell::Blank
    }

    /// The value for a missing key; `None` where the key is required.
    fn absent() -> Option<Self> {
        None
    }

    /// Reads a value from `cells`: a single cell, which may be a list, or one cell per element.
    ///
    /// # Errors
    /// If the cells are not valid for the type.
    fn read(cells: &[View<'_>]) -> Result<Self, Problem>;
}

/// The cell of a type that is read from exactly one.
fn single<'a>(cells: &[View<'a>], expected: &str) -> Result<View<'a>, Problem> {
    match cells {
        [cell] => Ok(*cell),
        _ => Err(Problem {
            location: cells
                .first()
                .map_or("no column".to_owned(), |c| format!("column `{}`", c.column)),
            expected: expected.to_owned(),
            found: format!("{} columns", cells.len()),
        }),
    }
}

/// Reads a number: a whole number exactly, any other number rounded.
fn real<T: Real>(cells: &[View<'_>]) -> Result<T, Problem> {
    let view = single(cells, "a number")?;
    match &*view.cell.value() {
        Cell::Blank if view.takes_blank() => Ok(T::nan()),
        Cell::Float(number) if number.is_nan() && view.takes_blank() => Ok(T::nan()),
        Cell::Integer(number) => {
            of_whole(*number).ok_or_else(|| view.problem(expected_of_whole::<T>(*number)))
        }
        Cell::Float(number) => {
            of_float(*number).ok_or_else(|| view.problem(expected_of_float::<T>(*number)))
        }
        _ => Err(view.problem("a number")),
    }
}

/// Whether a number is missing: the cell is blank or NaN.
fn is_nan(cell: &Cell<'_>) -> bool {
    match &*cell.value() {
        Cell::Float(number) => number.is_nan(),
        value => *value == Cell::Blank,
    }
}

impl FromCells for f32 {
    const ELEMENTWISE: Option<Append> = Some(append_numbers);

    fn is_blank(cell: &Cell<'_>) -> bool {
        is_nan(cell)
    }

    fn read(cells: &[View<'_>]) -> Result<f32, Problem> {
        real(cells)
    }
}

impl FromCells for f64 {
    const ELEMENTWISE: Option<Append> = Some(append_numbers);

    fn is_blank(cell: &Cell<'_>) -> bool {
        is_nan(cell)
    }

    fn read(cells: &[View<'_>]) -> Result<f64, Problem> {
        real(cells)
    }
}

/// Reads a whole number in `min..=max`.
fn integer<T: TryFrom<i128> + fmt::Display>(
    cells: &[View<'_>],
    [min, max]: [T; 2],
) -> Result<T, Problem> {
    let expected = || format!("a whole number from {min} to {max}");
    let view = single(cells, &expected())?;
    let found = view.cell.value().whole();
    found.and_then(|number| T::try_from(number).ok()).ok_or_else(|| {
        let advice = if found.is_some() { format!(" ({AN_ID})") } else { String::new() };
        view.problem(expected() + &advice)
    })
}

impl FromCells for u32 {
    fn read(cells: &[View<'_>]) -> Result<u32, Problem> {
        integer(cells, [u32::MIN, u32::MAX])
    }
}

impl FromCells for i64 {
    fn read(cells: &[View<'_>]) -> Result<i64, Problem> {
        let number = integer(cells, [i64::MIN, i64::MAX])?;
        real::<f64>(cells).map(|_| number)
    }
}

impl FromCells for u64 {
    fn read(cells: &[View<'_>]) -> Result<u64, Problem> {
        let number = integer(cells, [u64::MIN, u64::MAX])?;
        real::<f64>(cells).map(|_| number)
    }
}

impl FromCells for bool {
    fn read(cells: &[View<'_>]) -> Result<bool, Problem> {
        const EXPECTED: &str = "true, false, yes, no, 1 or 0";
        let view = single(cells, EXPECTED)?;
        view.cell.flag().ok_or_else(|| view.problem(EXPECTED))
    }
}

impl FromCells for String {
    const ELEMENTWISE: Option<Append> = Some(append_texts);

    fn read(cells: &[View<'_>]) -> Result<String, Problem> {
        let view = single(cells, "a text")?;
        text(view, "a text").map(Cow::into_owned)
    }
}

/// Reads a text. Whole numbers are accepted, because ids are often numbers.
fn text<'a>(view: View<'a>, expected: &str) -> Result<Cow<'a, str>, Problem> {
    match view.cell {
        Cell::Text(text) => Ok(Cow::Borrowed(text)),
        Cell::Blank if view.takes_blank() => Ok(Cow::Borrowed("")),
        Cell::Integer(_) | Cell::Float(_) | Cell::Bool(_) => match view.cell.whole() {
            Some(whole) => Ok(Cow::Owned(whole.to_string())),
            None => Err(view.problem(format!("{expected} or a whole number"))),
        },
        _ => Err(view.problem(expected)),
    }
}

impl FromCells for NaiveDate {
    fn read(cells: &[View<'_>]) -> Result<NaiveDate, Problem> {
        const EXPECTED: &str = "a date such as 2024-12-31";
        date(
            cells,
            EXPECTED,
            dates::date,
            "a time of day or a zone goes into `NaiveDateTime` or `DateTime<Utc>`",
        )
    }
}

impl FromCells for NaiveDateTime {
    fn read(cells: &[View<'_>]) -> Result<NaiveDateTime, Problem> {
        const EXPECTED: &str = "a time such as 2024-12-31T23:59:59";
        date(cells, EXPECTED, dates::time, "a time with a zone goes into `DateTime<Utc>`")
    }
}

impl FromCells for DateTime<Utc> {
    fn read(cells: &[View<'_>]) -> Result<DateTime<Utc>, Problem> {
        const EXPECTED: &str = "a time with its zone, such as 2024-12-31T23:59:59Z";
        date(cells, EXPECTED, dates::instant, "a time without a zone goes into `NaiveDateTime`")
    }
}

/// Reads a date; `other` names the type for values with another precision.
fn date<T>(
    cells: &[View<'_>],
    expected: &str,
    read: impl FnOnce(&str) -> Option<T>,
    other: &str,
) -> Result<T, Problem> {
    let view = single(cells, expected)?;
    let Cell::Text(text) = view.cell else { return Err(view.problem(expected)) };
    let is_other = || dates::time(text).is_some() || dates::instant(text).is_some();
    read(text).ok_or_else(|| match is_other() {
        true => view.problem(format!("{expected} ({other})")),
        false => view.problem(expected),
    })
}

/// Reads an image from a path, relative to the folder of the file that contains it.
impl<const C: usize> FromCells for Image<C> {
    fn read(cells: &[View<'_>]) -> Result<Image<C>, Problem> {
        const EXPECTED: &str = "the path of a PNG or JPEG file";
        let view = single(cells, EXPECTED)?;
        let path = text(view, EXPECTED)?;
        image_files::open(&path).map_err(|ImageError { expected, found }| Problem {
            location: format!("column `{}`", view.column),
            expected,
            found,
        })
    }
}

impl<const N: usize> FromCells for Class<N> {
    fn read(cells: &[View<'_>]) -> Result<Class<N>, Problem> {
        let expected = format!("a class from 0 to {}", N.saturating_sub(1));
        let view = single(cells, &expected)?;
        let Some(index) = view.cell.value().whole() else {
            let labels = "; `categories` in `#[output(...)]` takes labels";
            return Err(view.problem(expected + labels));
        };
        let index = usize::try_from(index).ok();
        index.and_then(|index| Class::new(index).ok()).ok_or_else(|| view.problem(expected))
    }
}

impl<T: FromCells, const N: usize> FromCells for [T; N] {
    const ELEMENTS: usize = N * T::ELEMENTS;
    const ELEMENTWISE: Option<Append> = T::ELEMENTWISE;

    fn is_blank(cell: &Cell<'_>) -> bool {
        match cell {
            Cell::List(items) => !items.is_empty() && items.iter().all(T::is_blank),
            cell => T::is_blank(cell),
        }
    }

    fn read(cells: &[View<'_>]) -> Result<[T; N], Problem> {
        let expected = || format!("a list of {N}");
        let mut items = Vec::new();
        let (views, each) = match cells {
            [View { column, cell: Cell::List(list), field, .. }] => {
                let view = |(item, cell)| View { column, item: Some(item), cell, field };
                items.extend(list.iter().enumerate().map(view));
                (&items[..], 1)
            }
            columns => (columns, T::ELEMENTS.max(1)),
        };
        if views.len() != N * each {
            return Err(match cells {
                [cell] => cell.problem(expected()),
                _ => Problem {
                    location: "its columns".to_owned(),
                    expected: format!("{} of them", Self::ELEMENTS),
                    found: cells.len().to_string(),
                },
            });
        }
        let read: Vec<T> = views.chunks(each).map(T::read).collect::<Result<_, _>>()?;
        read.try_into().map_err(|read: Vec<T>| Problem {
            location: "its elements".to_owned(),
            expected: expected(),
            found: read.len().to_string(),
        })
    }
}

impl<T: FromCells> FromCells for Option<T> {
    const ELEMENTS: usize = T::ELEMENTS;

    fn is_blank(cell: &Cell<'_>) -> bool {
        T::is_blank(cell)
    }

    fn absent() -> Option<Option<T>> {
        Some(None)
    }

    fn read(cells: &[View<'_>]) -> Result<Option<T>, Problem> {
        let blank = |view: &&View<'_>| T::is_blank(view.cell);
        match cells.iter().find(blank) {
            None => T::read(cells).map(Some),
            Some(_) if cells.iter().all(|view| blank(&view)) => Ok(None),
            Some(view) if view.takes_blank() || T::ENDS_IN_BLANKS => T::read(cells).map(Some),
            Some(view) => {
                Err(view.problem("a value, because other columns of this field have one"))
            }
        }
    }
}
