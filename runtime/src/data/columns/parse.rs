//! Cells as values of Rust types.

use std::fmt;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};

use super::{
    grid::{append_numbers, append_texts, Append},
    Cell, FieldSpec, Reads,
};
use crate::data::{
    image_files,
    real::{expected_of_float, expected_of_whole, of_float, of_whole, Real, AN_ID, LAST_WHOLE},
    Class, Image, ImageError,
};

/// A cell with the column it stands in.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    column: &'a str,
    /// The place in the column's list.
    item: Option<usize>,
    cell: &'a Cell<'a>,
    /// A blank is a missing number.
    blanks: bool,
}

impl<'a> View<'a> {
    pub(super) fn new(field: &FieldSpec, column: &'a str, cell: &'a Cell<'a>) -> View<'a> {
        View { column, item: None, cell, blanks: field.reads == Reads::ValueOrBlank }
    }

    fn problem(&self, expected: impl Into<String>) -> Problem {
        let item = self.item.map_or(String::new(), |item| format!(" item {item}"));
        Problem {
            place: format!("column `{}`{item}", self.column),
            expected: expected.into(),
            found: self.cell.to_string(),
        }
    }
}

/// Why cells are no value of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    place: String,
    expected: String,
    found: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, found {}", self.place, self.expected, self.found)
    }
}

/// A type that one cell or several are read into.
pub trait FromCells: Sized {
    /// How many columns fill it.
    const ELEMENTS: usize = 1;

    /// How the cells of many rows are appended, where each cell is one element; `None` where they are
    /// read value by value.
    const ELEMENTWISE: Option<Append> = None;

    /// The value in `cells`: one that may be a list, or one for each element.
    ///
    /// # Errors
    /// Where they hold something else.
    fn read(cells: &[View<'_>]) -> Result<Self, Problem>;
}

/// The only cell there is.
fn single<'a>(cells: &[View<'a>], expected: &str) -> Result<View<'a>, Problem> {
    match cells {
        [cell] => Ok(*cell),
        _ => Err(Problem {
            place: cells
                .first()
                .map_or("no column".to_owned(), |c| format!("column `{}`", c.column)),
            expected: expected.to_owned(),
            found: format!("{} columns", cells.len()),
        }),
    }
}

/// The whole number in a cell; 3.0 is one, 3.5 is not.
fn whole(cell: &Cell<'_>) -> Option<i128> {
    match cell {
        Cell::Integer(number) => Some(*number),
        // Tables that went through floating point write 3 as 3.0.
        Cell::Float(number) if number.fract() == 0.0 && number.abs() <= LAST_WHOLE => {
            Some(*number as i128)
        }
        _ => None,
    }
}

/// The number in a cell: a whole one exactly, any other rounded.
fn real<T: Real>(cells: &[View<'_>]) -> Result<T, Problem> {
    let view = single(cells, "a number")?;
    match view.cell {
        Cell::Blank if view.blanks => Ok(T::nan()),
        Cell::Float(number) if number.is_nan() && view.blanks => Ok(T::nan()),
        Cell::Integer(number) => {
            of_whole(*number).ok_or_else(|| view.problem(expected_of_whole::<T>(*number)))
        }
        Cell::Float(number) => {
            of_float(*number).ok_or_else(|| view.problem(expected_of_float::<T>(*number)))
        }
        _ => Err(view.problem("a number")),
    }
}

impl FromCells for f32 {
    const ELEMENTWISE: Option<Append> = Some(append_numbers);

    fn read(cells: &[View<'_>]) -> Result<f32, Problem> {
        real(cells)
    }
}

impl FromCells for f64 {
    const ELEMENTWISE: Option<Append> = Some(append_numbers);

    fn read(cells: &[View<'_>]) -> Result<f64, Problem> {
        real(cells)
    }
}

/// A whole number of a type that goes from `least` to `most`.
fn integer<T: TryFrom<i128> + fmt::Display>(
    cells: &[View<'_>],
    [least, most]: [T; 2],
) -> Result<T, Problem> {
    let expected = || format!("a whole number from {least} to {most}");
    let view = single(cells, &expected())?;
    let found = whole(view.cell);
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
        match view.cell {
            Cell::Bool(flag) => Ok(*flag),
            Cell::Integer(0) => Ok(false),
            Cell::Integer(1) => Ok(true),
            // Tables that went through floating point write 1 as 1.0.
            Cell::Float(number) if *number == 0.0 => Ok(false),
            Cell::Float(number) if *number == 1.0 => Ok(true),
            Cell::Text(text) => match text.to_ascii_lowercase().as_str() {
                "true" | "yes" => Ok(true),
                "false" | "no" => Ok(false),
                _ => Err(view.problem(EXPECTED)),
            },
            _ => Err(view.problem(EXPECTED)),
        }
    }
}

impl FromCells for String {
    const ELEMENTWISE: Option<Append> = Some(append_texts);

    fn read(cells: &[View<'_>]) -> Result<String, Problem> {
        let view = single(cells, "a text")?;
        match view.cell {
            Cell::Text(text) => Ok(text.clone().into_owned()),
            _ => Err(view.problem("a text")),
        }
    }
}

impl FromCells for NaiveDate {
    fn read(cells: &[View<'_>]) -> Result<NaiveDate, Problem> {
        date(cells, "a date such as 2024-12-31", |text| text.parse().ok())
    }
}

impl FromCells for NaiveDateTime {
    fn read(cells: &[View<'_>]) -> Result<NaiveDateTime, Problem> {
        date(cells, "a time such as 2024-12-31T23:59:59", |text| {
            let time = text.parse().ok();
            time.or_else(|| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").ok())
                .or_else(|| Some(text.parse::<NaiveDate>().ok()?.and_time(NaiveTime::MIN)))
        })
    }
}

impl FromCells for DateTime<Utc> {
    fn read(cells: &[View<'_>]) -> Result<DateTime<Utc>, Problem> {
        date(cells, "a time with its zone, such as 2024-12-31T23:59:59Z", |text| text.parse().ok())
    }
}

fn date<T>(
    cells: &[View<'_>],
    expected: &str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T, Problem> {
    let view = single(cells, expected)?;
    match view.cell {
        Cell::Text(text) => read(text).ok_or_else(|| view.problem(expected)),
        _ => Err(view.problem(expected)),
    }
}

/// A path, which counts from the folder of the file that it stands in.
impl<const C: usize> FromCells for Image<C> {
    fn read(cells: &[View<'_>]) -> Result<Image<C>, Problem> {
        const EXPECTED: &str = "the path of a PNG or JPEG file";
        let view = single(cells, EXPECTED)?;
        let Cell::Text(path) = view.cell else { return Err(view.problem(EXPECTED)) };
        image_files::open(path).map_err(|ImageError { expected, found }| Problem {
            place: format!("column `{}`", view.column),
            expected,
            found,
        })
    }
}

impl<const N: usize> FromCells for Class<N> {
    fn read(cells: &[View<'_>]) -> Result<Class<N>, Problem> {
        let expected = format!("a class from 0 to {}", N.saturating_sub(1));
        let view = single(cells, &expected)?;
        let index = whole(view.cell).and_then(|index| usize::try_from(index).ok());
        index.and_then(|index| Class::new(index).ok()).ok_or_else(|| view.problem(expected))
    }
}

impl<T: FromCells, const N: usize> FromCells for [T; N] {
    const ELEMENTS: usize = N * T::ELEMENTS;
    const ELEMENTWISE: Option<Append> = T::ELEMENTWISE;

    fn read(cells: &[View<'_>]) -> Result<[T; N], Problem> {
        let expected = || format!("a list of {N}");
        let mut items = Vec::new();
        let (views, each) = match cells {
            [View { column, cell: Cell::List(list), blanks, .. }] => {
                items.extend(list.iter().enumerate().map(|(item, cell)| View {
                    column,
                    item: Some(item),
                    cell,
                    blanks: *blanks,
                }));
                (&items[..], 1)
            }
            columns => (columns, T::ELEMENTS.max(1)),
        };
        if views.len() != N * each {
            return Err(match cells {
                [cell] => cell.problem(expected()),
                _ => Problem {
                    place: "its columns".to_owned(),
                    expected: format!("{} of them", Self::ELEMENTS),
                    found: cells.len().to_string(),
                },
            });
        }
        let read: Vec<T> = views.chunks(each).map(T::read).collect::<Result<_, _>>()?;
        read.try_into().map_err(|read: Vec<T>| Problem {
            place: "its elements".to_owned(),
            expected: expected(),
            found: read.len().to_string(),
        })
    }
}

impl<T: FromCells> FromCells for Option<T> {
    const ELEMENTS: usize = T::ELEMENTS;

    fn read(cells: &[View<'_>]) -> Result<Option<T>, Problem> {
        let blank = |view: &&View<'_>| *view.cell == Cell::Blank;
        match cells.iter().find(blank) {
            None => T::read(cells).map(Some),
            Some(_) if cells.iter().all(|view| blank(&view)) => Ok(None),
            Some(view) if view.blanks => T::read(cells).map(Some),
            Some(view) => {
                Err(view.problem("a value, because other columns of this field have one"))
            }
        }
    }
}
