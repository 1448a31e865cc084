//! Conversion of cells to Rust types.

use std::{borrow::Cow, fmt};

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use multi_input_cells::{
    advice, class, date, flag, instant, number, text, time, whole, Cell, CellFormat, Content,
    Precision, Read,
};

use super::{
    grid::{append_numbers, append_texts, Append},
    ColumnNames, FieldSpec,
};
use crate::{image::files as image_files, Class, Image, ImageError};

/// A cell, with its column and field for error messages.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    column: &'a str,
    /// Index in the list of the cell.
    item: Option<usize>,
    cell: &'a Cell<'a>,
    field: &'a FieldSpec,
}

impl<'a> View<'a> {
    pub(super) fn new(field: &'a FieldSpec, column: &'a str, cell: &'a Cell<'a>) -> View<'a> {
        View { column, item: None, cell, field }
    }

    /// The cell.
    pub(super) fn cell(&self) -> &'a Cell<'a> {
        self.cell
    }

    /// Name of the column.
    pub(super) fn column(&self) -> &'a str {
        self.column
    }

    /// Whether the field is read from columns that it names.
    pub(super) fn is_of_a_group(&self) -> bool {
        self.field.names.columns != ColumnNames::Own
    }

    /// The cells of a list.
    pub(super) fn items(&self) -> Option<impl ExactSizeIterator<Item = View<'a>> + use<'a>> {
        let View { column, field, .. } = *self;
        match self.cell {
            Cell::List(list) => {
                let view = move |(item, cell)| View { column, item: Some(item), cell, field };
                Some(list.iter().enumerate().map(view))
            }
            _ => None,
        }
    }

    fn format(&self) -> &'a CellFormat<'static> {
        &self.field.format
    }

    /// Whether the cell denotes a missing value.
    pub(super) fn is_missing(&self, content: Content) -> bool {
        self.format().is_missing(self.cell, content)
    }

    /// Whether a missing cell is valid.
    pub(super) fn takes_blank(&self) -> bool {
        self.field.reads.takes_blank()
    }

    /// Converts the error of a reader, which says what it expected.
    fn read<T>(&self, read: Read<T>, content: Content) -> Result<T, Problem> {
        read.map_err(|expected| self.problem(expected, content))
    }

    pub(super) fn problem(&self, expected: impl Into<String>, content: Content) -> Problem {
        let item = self.item.map_or(String::new(), |item| format!(" item {item}"));
        let advice = match self.is_missing(content) {
            true => self.advice_for_missing(),
            false => advice(self.cell, self.format(), content),
        };
        Problem {
            location: format!("column `{}`{item}", self.column),
            expected: expected.into(),
            found: format!("{}{advice}", self.cell),
        }
    }

    /// The advice for a missing value.
    fn advice_for_missing(&self) -> String {
        let ty = self.field.ty;
        let is_blank = *self.cell == Cell::Blank;
        let is_list = ty.starts_with(['[', 'V']);
        match (ty.starts_with("[f") || ty.starts_with("Vec<f"), is_blank) {
            (true, true) => "; `impute` fills blank cells".to_owned(),
            (true, false) => "; `impute` fills missing numbers".to_owned(),
            (false, _) if is_list || ty.starts_with('O') => String::new(),
            (false, true) => format!("; write `Option<{ty}>` where cells may be blank"),
            (false, false) => format!("; write `Option<{ty}>` where values may be missing"),
        }
    }
}

/// The error of cells that are not valid for a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub(super) location: String,
    pub(super) expected: String,
    pub(super) found: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, found {}", self.location, self.expected, self.found)
    }
}

/// A type that is read from one or more cells.
pub trait FromCells: Sized {
    /// Number of columns of a value; 0 where it is not constant.
    const ELEMENTS: usize = 1;

    /// Appends the cells of many rows, where each cell is one element; `None` where values are read
    /// one by one.
    const ELEMENTWISE: Option<Append> = None;

    /// Whether a cell denotes an absent value.
    fn is_missing(cell: &View<'_>) -> bool;

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
fn real<T: Precision>(cells: &[View<'_>]) -> Result<T, Problem> {
    let view = single(cells, "a number")?;
    view.read(number(view.cell, view.format(), view.takes_blank()), Content::Number)
}

/// Implements the method [`FromCells::is_missing`] for a content.
macro_rules! missing_as {
    ($content:ident) => {
        fn is_missing(cell: &View<'_>) -> bool {
            cell.is_missing(Content::$content)
        }
    };
}

impl FromCells for f32 {
    const ELEMENTWISE: Option<Append> = Some(append_numbers);

    missing_as!(Number);

    fn read(cells: &[View<'_>]) -> Result<f32, Problem> {
        real(cells)
    }
}

impl FromCells for f64 {
    const ELEMENTWISE: Option<Append> = Some(append_numbers);

    missing_as!(Number);

    fn read(cells: &[View<'_>]) -> Result<f64, Problem> {
        real(cells)
    }
}

/// Reads a whole number in `min..=max`.
fn integer<T: TryFrom<i128> + Into<i128>>(
    cells: &[View<'_>],
    [min, max]: [T; 2],
) -> Result<T, Problem> {
    let bounds = [min.into(), max.into()];
    let view = single(cells, "a whole number")?;
    let read = whole(view.cell, view.format(), bounds);
    let found = view.read(read, Content::Number)?;
    T::try_from(found).map_err(|_| view.problem("a whole number", Content::Number))
}

impl FromCells for u32 {
    missing_as!(Number);

    fn read(cells: &[View<'_>]) -> Result<u32, Problem> {
        integer(cells, [u32::MIN, u32::MAX])
    }
}

impl FromCells for i64 {
    missing_as!(Number);

    fn read(cells: &[View<'_>]) -> Result<i64, Problem> {
        let number = integer(cells, [i64::MIN, i64::MAX])?;
        real::<f64>(cells).map(|_| number)
    }
}

impl FromCells for u64 {
    missing_as!(Number);

    fn read(cells: &[View<'_>]) -> Result<u64, Problem> {
        let number = integer(cells, [u64::MIN, u64::MAX])?;
        real::<f64>(cells).map(|_| number)
    }
}

impl FromCells for bool {
    missing_as!(Flag);

    fn read(cells: &[View<'_>]) -> Result<bool, Problem> {
        let view = single(cells, "true or false")?;
        view.read(flag(view.cell, view.format()), Content::Flag)
    }
}

/// Several columns of one text are joined by spaces, without the missing ones.
impl FromCells for String {
    const ELEMENTWISE: Option<Append> = Some(append_texts);

    missing_as!(Text);

    fn read(cells: &[View<'_>]) -> Result<String, Problem> {
        fn one<'a>(view: &View<'a>, takes_missing: bool) -> Result<Cow<'a, str>, Problem> {
            let read = text(view.cell, view.format(), takes_missing, "a text");
            view.read(read, Content::Text)
        }
        match cells {
            [] => single(cells, "a text").map(|_| String::new()),
            [view] => one(view, view.takes_blank()).map(Into::into),
            several => {
                let texts = several.iter().map(|view| one(view, true));
                let texts: Vec<_> = texts.collect::<Result<_, _>>()?;
                let present: Vec<&str> =
                    texts.iter().map(|text| &**text).filter(|text| !text.is_empty()).collect();
                match several.first().filter(|_| present.is_empty()) {
                    Some(view) if !view.takes_blank() => Err(view.problem("a text", Content::Text)),
                    _ => Ok(present.join(" ")),
                }
            }
        }
    }
}

impl FromCells for NaiveDate {
    missing_as!(Date);

    fn read(cells: &[View<'_>]) -> Result<NaiveDate, Problem> {
        let view = single(cells, "a date")?;
        view.read(date(view.cell, view.format()), Content::Date)
    }
}

impl FromCells for NaiveDateTime {
    missing_as!(Date);

    fn read(cells: &[View<'_>]) -> Result<NaiveDateTime, Problem> {
        let view = single(cells, "a time")?;
        view.read(time(view.cell, view.format()), Content::Date)
    }
}

impl FromCells for DateTime<Utc> {
    missing_as!(Date);

    fn read(cells: &[View<'_>]) -> Result<DateTime<Utc>, Problem> {
        let view = single(cells, "a time with its zone")?;
        view.read(instant(view.cell, view.format()), Content::Date)
    }
}

/// The cells of an image.
const IMAGE: &str = "the path or the bytes of an image file";
const BASE64: &str = "an image file in base64";

/// Reads an image from the bytes of a file, or from a text: a path, relative to the folder of the
/// file that contains it, a `data:` URL, or base64.
impl<const C: usize> FromCells for Image<C> {
    missing_as!(Text);

    fn read(cells: &[View<'_>]) -> Result<Image<C>, Problem> {
        let view = single(cells, IMAGE)?;
        let image = match view.cell {
            Cell::Bytes(bytes) => image_files::of_bytes(bytes),
            cell => {
                let is_base64 = view.format().base64;
                let expected = if is_base64 { BASE64 } else { IMAGE };
                let text = view.read(text(cell, view.format(), false, expected), Content::Text)?;
                match is_base64 {
                    true => image_files::of_base64(&text),
                    false => image_files::of_text(&text),
                }
            }
        };
        image.map_err(|ImageError { expected, found }| Problem {
            location: format!("column `{}`", view.column),
            expected,
            found,
        })
    }
}

impl<const N: usize> FromCells for Class<N> {
    missing_as!(Number);

    fn read(cells: &[View<'_>]) -> Result<Class<N>, Problem> {
        let view = single(cells, "a class")?;
        let read = class(view.cell, view.format(), N as u64);
        let index = view.read(read, Content::Number)?;
        let class = usize::try_from(index).ok().and_then(|index| Class::new(index).ok());
        class.ok_or_else(|| view.problem("a class", Content::Number))
    }
}

impl<T: FromCells, const N: usize> FromCells for [T; N] {
    // The macro reports more elements than a row can hold.
    const ELEMENTS: usize = N.saturating_mul(T::ELEMENTS);
    const ELEMENTWISE: Option<Append> = T::ELEMENTWISE;

    fn is_missing(cell: &View<'_>) -> bool {
        match cell.items() {
            Some(mut items) => items.len() > 0 && items.all(|item| T::is_missing(&item)),
            None => T::is_missing(cell),
        }
    }

    fn read(cells: &[View<'_>]) -> Result<[T; N], Problem> {
        let expected = || format!("a list of {N}");
        let (views, each) = match cells {
            [cell] => match cell.items() {
                Some(items) => (items.collect(), 1),
                // One missing cell stands for as many missing numbers.
                None if cell.takes_blank() && T::is_missing(cell) => (vec![*cell; N], 1),
                None => (vec![*cell], T::ELEMENTS.max(1)),
            },
            columns => (columns.to_vec(), T::ELEMENTS.max(1)),
        };
        if views.len() != N * each {
            return Err(match cells {
                [cell] => {
                    let mut problem = cell.problem(expected(), Content::Text);
                    // An item of another list has one length in any case.
                    if cell.items().is_some() && cell.item.is_none() {
                        problem.found += "; a `Vec` holds lists of any length, which `pad` ends";
                    }
                    if let Cell::Text(text) = cell.cell {
                        problem.found += &advice_to_split(text);
                    }
                    problem
                }
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

/// The option that would cut a text into a list.
fn advice_to_split(text: &str) -> String {
    let separator = ["|", ";", ",", " "].into_iter().find(|separator| text.contains(separator));
    separator.map(|s| format!("; `split({s:?})` cuts the cell into a list")).unwrap_or_default()
}

impl<T: FromCells> FromCells for Option<T> {
    const ELEMENTS: usize = T::ELEMENTS;

    fn is_missing(cell: &View<'_>) -> bool {
        T::is_missing(cell)
    }

    fn read(cells: &[View<'_>]) -> Result<Option<T>, Problem> {
        match cells.iter().find(|view| T::is_missing(view)) {
            None => T::read(cells).map(Some),
            Some(_) if cells.iter().all(T::is_missing) => Ok(None),
            // Texts are joined of the pieces that there are, and missing columns end a list.
            Some(view) if view.takes_blank() || T::ELEMENTS < 2 => T::read(cells).map(Some),
            Some(view) => Err(view
                .problem("a value, because other columns of this field have one", Content::Text)),
        }
    }
}
