//! Cells as values of Rust types.

use std::fmt;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};

use super::{
    grid::{append_numbers, append_texts, Append},
    Cell, FieldSpec, Reads,
};
use crate::data::{image_files, Class, Image, ImageError};

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

/// A whole number from 0 up to `last`; 3.0 is one, 3.5 is not.
fn whole(view: View<'_>, expected: &str, last: i128) -> Result<usize, Problem> {
    let number = match view.cell {
        Cell::Integer(number) => Some(*number),
        // Tables that went through floating point write 3 as 3.0.
        Cell::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
            Some(*number as i128)
        }
        _ => None,
    };
    number
        .filter(|number| (0..=last).contains(number))
        .and_then(|number| usize::try_from(number).ok())
        .ok_or_else(|| view.problem(expected))
}

impl FromCells for f32 {
    const ELEMENTWISE: Option<Append> = Some(append_numbers);

    fn read(cells: &[View<'_>]) -> Result<f32, Problem> {
        let view = single(cells, "a number")?;
        let number = match view.cell {
            Cell::Integer(number) => *number as f32,
            Cell::Float(number) if number.is_nan() && view.blanks => return Ok(f32::NAN),
            Cell::Float(number) => *number as f32,
            Cell::Blank if view.blanks => return Ok(f32::NAN),
            _ => return Err(view.problem("a number")),
        };
        if number.is_finite() {
            Ok(number)
        } else {
            Err(view.problem("a finite number that `f32` can hold"))
        }
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

impl FromCells for u32 {
    fn read(cells: &[View<'_>]) -> Result<u32, Problem> {
        const EXPECTED: &str = "a whole number of at least 0";
        let index = whole(single(cells, EXPECTED)?, EXPECTED, u32::MAX.into())?;
        Ok(index as u32)
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
        let index = whole(view, &expected, N as i128 - 1)?;
        Class::new(index).map_err(|_| view.problem(expected))
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
