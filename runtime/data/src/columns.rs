//! Rows out of columns: what the generated `Deserialize` of a row struct calls.
//!
//! serde's own arrays stop at 32 elements, and it knows no groups of columns. Here a field is
//! filled from one key (a CSV column, or a JSON value that may be a nested list) or from the
//! columns that `columns(...)` names. Columns that no field asks for are ignored.

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

/// The fields of a row struct.
#[derive(Clone, Copy, Debug)]
pub struct RowSpec {
    /// The row struct's name.
    pub row: &'static str,
    /// Its fields.
    pub fields: &'static [FieldSpec],
}

/// Where a field is found.
#[derive(Clone, Copy, Debug)]
pub struct FieldSpec {
    /// The field's name, which is also a key it is found under.
    pub name: &'static str,
    /// Further keys.
    pub aliases: &'static [&'static str],
    /// The columns that fill it, in order; empty where one key does.
    pub columns: &'static [&'static str],
    /// Its type as the user wrote it.
    pub ty: &'static str,
    /// What its cells are taken for.
    pub reads: Reads,
    /// How the cells of many rows become its values: [`append`] for its type.
    pub append: Append,
}

/// A row struct whose fields are found in columns.
pub trait FromColumns {
    /// Its fields.
    const ROW: &'static RowSpec;
}

/// What the cells of a field are taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// A number, a flag or a list, whichever it looks like.
    Value,
    /// The same; a blank cell is a missing number.
    ValueOrBlank,
    /// A text, as it stands there: `007` is not 7.
    Text,
    /// The same; a blank cell is the empty text.
    TextOrBlank,
}

impl Reads {
    fn is_text(self) -> bool {
        matches!(self, Reads::Text | Reads::TextOrBlank)
    }

    /// Whether a blank cell is a value.
    fn takes_blank(self) -> bool {
        matches!(self, Reads::ValueOrBlank | Reads::TextOrBlank)
    }
}

impl FieldSpec {
    fn is_named(&self, key: &str) -> bool {
        self.name == key || self.aliases.contains(&key)
    }
}

/// The cells of one row, sorted by field.
#[derive(Debug)]
pub struct Cells<'de> {
    spec: &'static RowSpec,
    layout: Rc<Layout>,
    /// For each field, what stood under its own name, and then in each of its columns.
    found: Vec<Option<Cell<'de>>>,
    keys: Keys,
}

/// What the keys of a row are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keys {
    /// The columns of a table, which every row has. They are bytes: those of the `csv` crate are, and
    /// so are those of our own sources.
    Columns,
    /// Those of an object, which may leave out what it has no value for.
    Own,
}

impl<'de> Cells<'de> {
    /// Reads one row, a map from column names to values.
    ///
    /// # Errors
    /// The deserializer's, and where a column occurs twice.
    pub fn read<D: Deserializer<'de>>(
        deserializer: D,
        spec: &'static RowSpec,
    ) -> Result<Cells<'de>, D::Error> {
        deserializer.deserialize_map(RowVisitor(spec))
    }

    /// The value of field number `index`.
    ///
    /// # Errors
    /// Where a column is missing, blank, or holds something else; the text names field, column,
    /// what was expected and what was found.
    pub fn take<T: FromCells, E: serde::de::Error>(&mut self, index: usize) -> Result<T, E> {
        let Some((field, start)) = self.spec.fields.get(index).zip(self.layout.start(index)) else {
            return Err(E::custom(format_args!("`{}` has no field {index}", self.spec.row)));
        };
        let (whole, parts) = (&self.found[start], &self.found[start + 1..]);
        let parts = &parts[..field.columns.len()];
        // A cell under the field's own name belongs to a column that only happens to be called so
        // where the field's own columns are there as well.
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

    /// The value of a field of which the row has no column.
    fn absent<T: FromCells, E: serde::de::Error>(&self, field: &FieldSpec) -> Result<T, E> {
        match T::absent().filter(|_| self.keys == Keys::Own) {
            Some(absent) => Ok(absent),
            None => Err(self.missing(field, field.columns.first().unwrap_or(&field.name))),
        }
    }

    fn missing<E: serde::de::Error>(&self, field: &FieldSpec, column: &str) -> E {
        let missing = missing(column, self.layout.names(), self.layout.others());
        E::custom(format_args!("field `{}`: {missing}", field.name))
    }
}

/// Puts a cell into all places that its column fills; whether they were free.
fn insert<'de>(found: &mut [Option<Cell<'de>>], fills: &[usize], cell: Cell<'de>) -> bool {
    let Some((&last, others)) = fills.split_last() else { return true };
    let mut free = true;
    for &place in others {
        free &= found[place].replace(cell.clone()).is_none();
    }
    found[last].replace(cell).is_none() && free
}

struct RowVisitor(&'static RowSpec);

impl<'de> Visitor<'de> for RowVisitor {
    type Value = Cells<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a row of `{}` with named columns", self.0.row)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cells<'de>, A::Error> {
        let mut layout = Layout::before(self.0);
        let mut found: Vec<Option<Cell<'de>>> = vec![None; layout.cells];
        let (mut place, mut keys) = (0, Keys::Own);
        while let Some(key) = map.next_key_seed(Key(layout.key(place)))? {
            keys = key.keys;
            if let Some(other) = key.other {
                Rc::make_mut(&mut layout).learn(place, other);
            }
            let Some(column) = layout.column(place) else { break };
            place += 1;
            if column.fills.is_empty() {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let cell = match column.is_text && keys == Keys::Columns {
                true => map.next_value_seed(AsText)?,
                false => map.next_value()?,
            };
            if !insert(&mut found, &column.fills, cell) {
                let key = &column.key;
                return Err(A::Error::custom(format_args!(
                    "the column {} occurs twice",
                    Quoted(key)
                )));
            }
        }
        Layout::end(&mut layout, place);
        Layout::remember(&layout);
        Ok(Cells { spec: self.0, layout, found, keys })
    }
}

#[cfg(test)]
mod tests;
