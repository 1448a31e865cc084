//! Reads row structs from named columns; called by the generated `Deserialize` implementations.
//!
//! serde implements arrays of at most 32 elements, and has no groups of columns. Here a field is
//! read from one key (a CSV column, or a JSON value, which may be a nested list) or from the
//! columns that `columns(...)` names. Other columns are ignored.
//!
//! # Cells
//!
//! All sources (CSV, JSON, Parquet and Arrow files, SQLite, PostgreSQL, and any serde deserializer)
//! share one cell format. Whether a cell is valid depends only on its field, not on other rows or
//! columns.
//!
//! | field | accepted cells |
//! |---|---|
//! | `f32` | a number, also in text: `"4.5"`; blank or NaN where a step `impute`s |
//! | `u32`, `Class<N>` | a whole number, also in text or as `3.0` |
//! | `bool` | a boolean, 1 or 0; in text `true`, `yes`, `t` or `1`, `false`, `no`, `f` or `0`, case-insensitive |
//! | `String` | a text, unchanged: `007` stays `007`; a whole number as its digits, `3.0` as `3`; blank is the empty text for `words` and `tokenizer` |
//! | `NaiveDate` | `2024-12-31`, also with the time of day midnight |
//! | `NaiveDateTime` | `2024-12-31T23:59:59`, with `T` or a space; seconds are optional and may have a fraction; a date alone is midnight |
//! | `DateTime<Utc>` | a time with a zone: `Z`, ` UTC`, `+02:00`, `+0200` or `+02`; a timestamp column with a time zone |
//! | `Image<C>` | the path of a file |
//! | `[T; N]` | a list of `N` elements, or one column per element |
//! | `Vec<T>` | a list of any length, in which `null` is no item; blank is the empty list; or columns of which the last ones are blank |
//! | `Option<T>` | a cell of `T`; blank is `None`, and so is NaN where `T` is a number |
//!
//! A cell is blank if it is empty, only white space, or `null`. A key that a JSON object lacks is
//! `None` for an `Option` field; a column that a table lacks is an error. White space around a text
//! is removed when a source reads it. In rows in memory, white space around a category or a label
//! is removed as well, while `tokenizer` takes a text unchanged. Columns that no field uses may
//! hold anything.

use std::{fmt, rc::Rc};

use serde::{
    de::{Error as _, IgnoredAny, MapAccess, Visitor},
    Deserializer,
};

mod cell;
mod dates;
mod decimal;
mod grid;
mod interned;
mod layout;
mod list;
mod missing;
mod parse;

use cell::AsText;
pub use cell::Cell;
pub(crate) use decimal::decimal;
pub(crate) use grid::Plan;
pub use grid::{append, Append, Grid};
pub(crate) use interned::Interned;
use layout::{Key, Layout};
pub(crate) use missing::{missing, says_missing};
pub use parse::{FromCells, Problem, View};

use multi_input_base::quote::Quoted;

/// Description of a row struct.
#[derive(Clone, Copy, Debug)]
pub struct RowSpec {
    /// Name of the row struct.
    pub row: &'static str,
    /// Fields of the row struct.
    pub fields: &'static [FieldSpec],
}

/// The columns and the type of a field.
#[derive(Clone, Copy, Debug)]
pub struct FieldSpec {
    /// Name of the field, which is also a key of the field.
    pub name: &'static str,
    /// Alternative keys.
    pub aliases: &'static [&'static str],
    /// The columns of the field's elements, in order; empty where one key holds the whole field.
    pub columns: &'static [&'static str],
    /// The type in the user's source code.
    pub ty: &'static str,
    /// How the cells are interpreted.
    pub reads: Reads,
    /// Appends the cells of many rows: [`append`] for the field's type.
    pub append: Append,
}

/// A row struct that is read from columns.
pub trait FromColumns {
    /// Description of the fields.
    const ROW: &'static RowSpec;
}

/// How the cells of a field are interpreted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// A number, a boolean or a list, detected from the text.
    Value,
    /// As `Value`; a blank cell is a missing number.
    ValueOrBlank,
    /// A text, unchanged: `007` is not parsed as 7.
    Text,
    /// As `Text`; a blank cell is the empty text.
    TextOrBlank,
}

impl Reads {
    fn is_text(self) -> bool {
        matches!(self, Reads::Text | Reads::TextOrBlank)
    }

    /// Whether a blank cell is valid.
    fn takes_blank(self) -> bool {
        matches!(self, Reads::ValueOrBlank | Reads::TextOrBlank)
    }
}

impl FieldSpec {
    fn is_named(&self, key: &str) -> bool {
        self.name == key || self.aliases.contains(&key)
    }
}

/// The cells of one row, grouped by field.
#[derive(Debug)]
pub struct Cells<'de> {
    spec: &'static RowSpec,
    layout: Rc<Layout>,
    /// For each field, the cell of its own name, followed by the cells of its columns.
    cells: Vec<Option<Cell<'de>>>,
    keys: Keys,
}

/// The kind of keys of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keys {
    /// Columns of a table, which every row has. Such keys are byte strings, in the `csv` crate and
    /// in the sources of this crate.
    Columns,
    /// Keys of an object, which may lack keys without a value. Such keys are strings.
    Object,
}

impl<'de> Cells<'de> {
    /// Reads one row: a map from column names to cells.
    ///
    /// # Errors
    /// An error of the deserializer, or a duplicate column.
    pub fn read<D: Deserializer<'de>>(
        deserializer: D,
        spec: &'static RowSpec,
    ) -> Result<Cells<'de>, D::Error> {
        deserializer.deserialize_map(RowVisitor(spec))
    }

    /// Reads the value of field `index`.
    ///
    /// # Errors
    /// If a column is missing, blank, or not valid for the type; the message names field, column,
    /// expected and found value.
    pub fn take<T: FromCells, E: serde::de::Error>(&mut self, index: usize) -> Result<T, E> {
        let Some((field, start)) = self.spec.fields.get(index).zip(self.layout.start(index)) else {
            return Err(E::custom(format_args!("`{}` has no field {index}", self.spec.row)));
        };
        let (whole, parts) = (&self.cells[start], &self.cells[start + 1..]);
        let parts = &parts[..field.columns.len()];
        // Where the field's columns are present, a scalar cell under the field's own name belongs
        // to an unrelated column of the same name.
        let own =
            |cell: &&Cell<'_>| matches!(cell, Cell::List(_)) || parts.iter().all(Option::is_none);
        let read = match whole.as_ref().filter(own) {
            Some(cell) => T::read(&[View::new(field, field.name, cell)]),
            None if parts.iter().all(Option::is_none) => return self.absent(field),
            None => {
                let mut views = Vec::with_capacity(parts.len());
                for (column, part) in field.columns.iter().zip(parts) {
                    match part {
                        Some(cell) => views.push(View::new(field, column, cell)),
                        None => return Err(self.missing(field, column)),
                    }
                }
                T::read(&views)
            }
        };
        read.map_err(|problem| E::custom(format_args!("field `{}`, {problem}", field.name)))
    }

    /// The value of a field whose columns are missing.
    fn absent<T: FromCells, E: serde::de::Error>(&self, field: &FieldSpec) -> Result<T, E> {
        match T::absent().filter(|_| self.keys == Keys::Object) {
            Some(absent) => Ok(absent),
            None => Err(self.missing(field, field.columns.first().unwrap_or(&field.name))),
        }
    }

    fn missing<E: serde::de::Error>(&self, field: &FieldSpec, column: &str) -> E {
        let missing = missing(column, self.layout.names(), self.layout.others());
        E::custom(format_args!("field `{}`: {missing}", field.name))
    }
}

/// Stores a cell at all positions that its column fills; returns whether all of them were empty.
fn insert<'de>(cells: &mut [Option<Cell<'de>>], positions: &[usize], cell: Cell<'de>) -> bool {
    let Some((&last, others)) = positions.split_last() else { return true };
    let mut free = true;
    for &position in others {
        free &= cells[position].replace(cell.clone()).is_none();
    }
    cells[last].replace(cell).is_none() && free
}

struct RowVisitor(&'static RowSpec);

impl<'de> Visitor<'de> for RowVisitor {
    type Value = Cells<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a row of `{}` with named columns", self.0.row)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cells<'de>, A::Error> {
        let mut layout = Layout::load(self.0);
        let mut cells: Vec<Option<Cell<'de>>> = vec![None; layout.cell_count];
        let (mut index, mut keys) = (0, Keys::Object);
        while let Some(key) = map.next_key_seed(Key(layout.key(index)))? {
            keys = key.keys;
            if let Some(name) = key.unexpected {
                Rc::make_mut(&mut layout).set_column(index, name);
            }
            let Some(column) = layout.column(index) else { break };
            index += 1;
            if column.fills.is_empty() {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let cell = match column.is_text && keys == Keys::Columns {
                true => map.next_value_seed(AsText)?,
                false => map.next_value()?,
            };
            if !insert(&mut cells, &column.fills, cell) {
                let key = &column.key;
                return Err(A::Error::custom(format_args!(
                    "the column {} occurs twice",
                    Quoted(key)
                )));
            }
        }
        Layout::truncate(&mut layout, index);
        Layout::store(&layout);
        Ok(Cells { spec: self.0, layout, cells, keys })
    }
}

#[cfg(test)]
mod tests;
