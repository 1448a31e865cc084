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
//! | `f32`, `f64` | a number, also in text: `"4.5"`; missing where a step `impute`s |
//! | `u32`, `i64`, `u64`, `Class<N>` | a whole number, also in text or as `3.0` |
//! | `bool` | a boolean, 1 or 0; in text `true`, `yes`, `y`, `t`, `on` or `1`, `false`, `no`, `n`, `f`, `off` or `0`, case-insensitive |
//! | `String` | a text, unchanged: `007` stays `007`; a whole number as its digits, `3.0` as `3`; missing is the empty text for `words` and `tokenizer`; several columns are joined by spaces |
//! | `NaiveDate` | `2024-12-31`, also with the time of day midnight, and its zone |
//! | `NaiveDateTime` | `2024-12-31T23:59:59`, with `T` or a space; seconds are optional and may have a fraction; a date alone is midnight |
//! | `DateTime<Utc>` | a time with a zone: `Z`, ` UTC`, `+02:00`, `+0200` or `+02`; a timestamp column with a time zone |
//! | `Image<C>` | the path or the bytes of an image file; a `data:` URL; base64 where the option `base64` says so |
//! | `[T; N]` | a list of `N` elements, or one column per element |
//! | `Vec<T>` | a list of any length, of which no item is missing; a missing cell is the empty list; or columns of which the last ones are missing |
//! | `Option<T>` | a cell of `T`; missing is `None` |
//! | a [`Newtype`](crate::Newtype) | a cell of what it wraps |
//!
//! A cell is missing if it is blank (empty, only white space, or `null`), NaN, or a marker that the
//! field declares with `missing("-1")` or the source with [`Csv::missing`](crate::Csv::missing). The
//! texts `nan` and `null`, in any case, are missing where no text is valid. A key that a JSON object
//! lacks is missing as well; a column that a table lacks is an error. White space around a text
//! is removed when a source reads it. In rows in memory, white space around a category or a label
//! is removed as well, while `tokenizer` takes a text unchanged. Columns that no field uses may
//! hold anything.
//!
//! Cells in other forms are declared, on the field or on the source, and never guessed:
//! [`CellFormat`] lists the declarations.

use std::{fmt, rc::Rc};

use multi_input_cells::{
    missing_column, AsText, Cell, CellFormat, ColumnNames, FieldColumns, FieldNames, RowNames,
};
use serde::{
    de::{Error as _, IgnoredAny, MapAccess, Visitor},
    Deserializer,
};

mod cell_deserializer;
mod grid;
mod interned;
mod layout;
mod list;
mod parse;

pub use cell_deserializer::{CellDeserializer, CellError};
pub(crate) use grid::Plan;
pub use grid::{append, append_with, Append, Grid};
pub(crate) use interned::Interned;
use layout::{Key, Layout};
pub use multi_input_cells as cells;
pub use parse::{FromCells, Problem, View};

use multi_input_base::quote::Quoted;

/// Description of a row struct.
#[derive(Clone, Copy, Debug)]
pub struct RowSpec {
    /// Name of the row struct.
    pub row: &'static str,
    /// Fields of the row struct.
    pub fields: &'static [FieldSpec],
    /// Fields of the model that these rows lack: targets, for rows of inputs, and the other fields
    /// of the model of which these are rows of a part. [`ColumnNames::Prefix`] and
    /// [`ColumnNames::AllOthers`] leave their columns out, so that an input gets the same columns of
    /// a file with them and of one without.
    pub others: &'static [FieldNames<'static>],
}

/// The columns and the type of a field.
#[derive(Clone, Copy, Debug)]
pub struct FieldSpec {
    /// The keys of the field.
    pub names: FieldNames<'static>,
    /// Number of columns of a value; 0 where it is not constant.
    pub elements: usize,
    /// The type in the user's source code.
    pub ty: &'static str,
    /// How the cells are interpreted.
    pub reads: Reads,
    /// How the cells are written.
    pub format: CellFormat<'static>,
    /// Appends the cells of many rows: [`append`] for the field's type.
    pub append: Append,
}

impl<'a> From<&'a FieldSpec> for FieldNames<'a> {
    fn from(field: &'a FieldSpec) -> FieldNames<'a> {
        field.names
    }
}

impl RowSpec {
    /// The keys of all fields.
    fn names(&self) -> RowNames<'static, FieldSpec> {
        RowNames { fields: self.fields, others: self.others }
    }
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
    /// As `Value`; a missing cell is a missing number.
    ValueOrBlank,
    /// A text, unchanged: `007` is not parsed as 7.
    Text,
    /// As `Text`; a missing cell is the empty text.
    TextOrBlank,
}

impl Reads {
    fn is_text(self) -> bool {
        matches!(self, Reads::Text | Reads::TextOrBlank)
    }

    /// Whether a missing cell is valid.
    fn takes_blank(self) -> bool {
        matches!(self, Reads::ValueOrBlank | Reads::TextOrBlank)
    }
}

impl FieldSpec {
    /// Whether a source must give the cells as text, because parsing would lose how they are
    /// written.
    fn needs_text(&self) -> bool {
        self.reads.is_text() || !self.format.is_default()
    }

    /// The `columns(...)` of the field, as it is written.
    fn rule(&self) -> String {
        match self.names.columns {
            ColumnNames::Own => format!("`{}`", self.names.name),
            ColumnNames::Named(_) => "`columns(...)`".to_owned(),
            ColumnNames::Prefix(prefix) => format!("`columns(prefix = {prefix:?})`"),
            ColumnNames::AllOthers => "`columns(all_others)`".to_owned(),
        }
    }

    /// The elements of a list in one cell, where the field declares what separates them.
    fn split<'a>(&self, cell: &'a Cell<'_>) -> Option<Cell<'a>> {
        let (Cell::Text(text), Some(separator)) = (cell, self.format.split) else { return None };
        let keeps_blanks = self.reads == Reads::ValueOrBlank;
        Some(cells::split(text, separator, self.reads.is_text(), keeps_blanks))
    }
}

/// The cells of one row, grouped by field.
#[derive(Debug)]
pub struct Cells<'de> {
    spec: &'static RowSpec,
    layout: Rc<Layout>,
    /// The cell of each column that some field uses.
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

/// The cells of a field in a row.
enum Found<'a> {
    /// One cell holds the whole value.
    Whole(View<'a>),
    /// One cell for each element, and a column that an object lacks.
    Parts(Vec<View<'a>>, Option<&'static str>),
    /// There is no cell.
    Nothing,
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
        let field = self.field(index)?;
        let read = match self.find(index)? {
            Found::Whole(view) => match field.split(view.cell()) {
                Some(list) => T::read(&[View::new(field, view.column(), &list)]),
                None => T::read(&[view]),
            },
            Found::Parts(views, lacking) => match (T::read(&views), lacking) {
                (Err(_), Some(column)) => return Err(self.missing(field, column)),
                (read, _) => read,
            },
            Found::Nothing => return self.absent(field),
        };
        read.map_err(|problem| E::custom(format_args!("field `{}`, {problem}", field.names.name)))
    }

    /// As [`take`](Cells::take), with `default` for a field without a cell: `#[serde(default)]`.
    ///
    /// # Errors
    /// As [`take`](Cells::take).
    pub fn take_or<T: FromCells, E: serde::de::Error>(
        &mut self,
        index: usize,
        default: impl FnOnce() -> T,
    ) -> Result<T, E> {
        match self.find::<E>(index)? {
            Found::Nothing => Ok(default()),
            Found::Whole(_) | Found::Parts(..) => self.take(index),
        }
    }

    /// Reads the value of field `index` by a function of the user: `#[serde(deserialize_with)]`.
    /// `default` gives the value of a field without a cell; without it, that is an error.
    ///
    /// # Errors
    /// Those of `read`, and a missing column.
    pub fn take_with<T, E: serde::de::Error>(
        &mut self,
        index: usize,
        read: impl FnOnce(CellDeserializer<'_>) -> Result<T, CellError>,
        default: Option<fn() -> T>,
    ) -> Result<T, E> {
        let field = self.field(index)?;
        let cell = match (self.find(index)?, default) {
            (Found::Whole(view), _) => view.cell().clone(),
            (Found::Parts(views, _), _) => {
                Cell::List(views.iter().map(|view| view.cell().clone()).collect())
            }
            (Found::Nothing, Some(default)) => return Ok(default()),
            (Found::Nothing, None) => return Err(self.missing(field, field.names.name)),
        };
        let read = read(CellDeserializer::new(cell));
        read.map_err(|error| E::custom(format_args!("field `{}`: {error}", field.names.name)))
    }

    fn field<E: serde::de::Error>(&self, index: usize) -> Result<&'static FieldSpec, E> {
        let field = self.spec.fields.get(index);
        field.ok_or_else(|| E::custom(format_args!("`{}` has no field {index}", self.spec.row)))
    }

    /// Finds the cells of field `index`. Where the field's columns are present, a scalar cell under
    /// the field's own name belongs to an unrelated column of the same name.
    fn find<E: serde::de::Error>(&self, index: usize) -> Result<Found<'_>, E> {
        let field = self.field(index)?;
        let FieldColumns { own, parts, .. } = self.layout.field(index);
        let has_parts = parts.iter().any(Option::is_some);
        let view = |column: usize| {
            let cell = self.cells.get(column)?.as_ref()?;
            Some(View::new(field, self.layout.key(column).unwrap_or(field.names.name), cell))
        };
        if let Some(view) = own.and_then(view) {
            if !has_parts || matches!(view.cell(), Cell::List(_)) {
                return Ok(Found::Whole(view));
            }
        }
        if !has_parts {
            return Ok(Found::Nothing);
        }
        let (mut views, mut lacking) = (Vec::with_capacity(parts.len()), None);
        for (position, part) in parts.iter().enumerate() {
            match part.and_then(view) {
                Some(view) => views.push(view),
                // A key that an object lacks is missing, as null is.
                None if self.keys == Keys::Object => {
                    let column = field.column_name(position);
                    lacking = lacking.or(Some(column));
                    views.push(View::new(field, column, &Cell::Blank));
                }
                None => return Err(self.missing(field, field.column_name(position))),
            }
        }
        self.check_count(field, &views)?;
        match views[..] {
            [only] => Ok(Found::Whole(only)),
            _ => Ok(Found::Parts(views, lacking)),
        }
    }

    /// Checks the number of columns where the file decides it.
    fn check_count<E: serde::de::Error>(
        &self,
        field: &FieldSpec,
        views: &[View<'_>],
    ) -> Result<(), E> {
        if field.takes(views.len()) {
            return Ok(());
        }
        let names = views.iter().map(|view| Quoted(view.column()).to_string());
        Err(E::custom(format_args!(
            "field `{}`: {} finds {} columns, expected {} for `{}`: found {}",
            field.names.name,
            field.rule(),
            views.len(),
            field.elements,
            field.ty,
            shortened(names),
        )))
    }

    /// The value of a field whose columns are missing: in an object, that of a missing cell.
    fn absent<T: FromCells, E: serde::de::Error>(&self, field: &'static FieldSpec) -> Result<T, E> {
        let absent = || T::read(&[View::new(field, field.names.name, &Cell::Blank)]).ok();
        let absent = if self.keys == Keys::Object { absent() } else { None };
        absent.ok_or_else(|| self.missing(field, field.column_name(0)))
    }

    fn missing<E: serde::de::Error>(&self, field: &FieldSpec, column: &str) -> E {
        let (names, others) = (self.layout.names(), self.layout.others());
        let missing = match field.names.columns {
            ColumnNames::Prefix(_) | ColumnNames::AllOthers => {
                let listed = shortened(names.map(|name| Quoted(name).to_string()));
                format!("{} finds no column; the columns are {listed}", field.rule())
            }
            ColumnNames::Own | ColumnNames::Named(_) => missing_column(column, names, others),
        };
        E::custom(format_args!("field `{}`: {missing}", field.names.name))
    }
}

impl FieldSpec {
    /// Whether a value has this number of columns, where the file decides it.
    fn takes(&self, columns: usize) -> bool {
        let is_open = self.names.columns.is_open();
        let is_right = self.elements == 0 || columns == self.elements;
        columns > 0 && (!is_open || is_right)
    }

    /// The name of the column of an element.
    fn column_name(&self, position: usize) -> &'static str {
        let named = self.names.columns.named();
        named.get(position).copied().unwrap_or(self.names.name)
    }
}

/// The first few of some names.
fn shortened(names: impl Iterator<Item = String>) -> String {
    const MAX_LISTED: usize = 12;
    let names: Vec<String> = names.collect();
    let listed = names[..names.len().min(MAX_LISTED)].join(", ");
    match names.len().saturating_sub(MAX_LISTED) {
        0 if names.is_empty() => "none".to_owned(),
        0 => listed,
        more => format!("{listed} and {more} more"),
    }
}

struct RowVisitor(&'static RowSpec);

impl<'de> Visitor<'de> for RowVisitor {
    type Value = Cells<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a row of `{}` with named columns", self.0.row)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cells<'de>, A::Error> {
        let mut layout = Layout::load(self.0);
        let mut cells: Vec<Option<Cell<'de>>> = Vec::with_capacity(layout.len());
        let (mut index, mut keys) = (0, Keys::Object);
        while let Some(key) = map.next_key_seed(Key(layout.key(index)))? {
            keys = key.keys;
            if let Some(name) = key.unexpected {
                Rc::make_mut(&mut layout).set_column(index, name);
            }
            let Some(column) = layout.column(index) else { break };
            index += 1;
            cells.push(match column.is_used {
                false => map.next_value::<IgnoredAny>().map(|_| None)?,
                true if column.is_text && keys == Keys::Columns => {
                    Some(map.next_value_seed(AsText)?)
                }
                true => Some(map.next_value()?),
            });
        }
        Layout::truncate(&mut layout, index);
        Layout::assign(&mut layout);
        Layout::store(&layout);
        match layout.duplicate() {
            Some(key) => {
                Err(A::Error::custom(format_args!("the column {} occurs twice", Quoted(key))))
            }
            None => Ok(Cells { spec: self.0, layout, cells, keys }),
        }
    }
}

#[cfg(test)]
mod tests;
