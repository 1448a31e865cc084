//! Rows out of columns: what the generated `Deserialize` of a row struct calls.
//!
//! serde's own arrays stop at 32 elements, and it knows no groups of columns. Here a field is
//! filled from one key (a CSV column, or a JSON value that may be a nested list) or from the
//! columns that `columns(...)` names. Columns that no field asks for are ignored.

use std::{borrow::Cow, fmt, rc::Rc};

use serde::{
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
    Deserialize, Deserializer,
};

mod decimal;
mod grid;
mod interned;
mod layout;
mod parse;

pub(crate) use decimal::decimal;
pub(crate) use grid::Plan;
pub use grid::{append, Append, Grid};
pub(crate) use interned::Interned;
use layout::{Key, Layout};
pub use parse::{FromCells, Problem, View};

use crate::quote::Quoted;

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
}

impl FieldSpec {
    fn is_named(&self, key: &str) -> bool {
        self.name == key || self.aliases.contains(&key)
    }
}

/// One value as the source holds it.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'de> {
    /// Nothing: an empty CSV cell, or JSON's null.
    Blank,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i128),
    /// Any other number.
    Float(f64),
    /// Anything else.
    Text(Cow<'de, str>),
    /// A JSON list.
    List(Vec<Cell<'de>>),
}

impl<'de> Cell<'de> {
    /// What a text looks like: a flag, a number, or a text.
    pub(crate) fn of_value(text: &'de str) -> Cell<'de> {
        match text {
            "true" => Cell::Bool(true),
            "false" => Cell::Bool(false),
            _ => match (text.parse(), text.parse()) {
                (Ok(whole), _) => Cell::Integer(whole),
                (_, Ok(number)) => Cell::Float(number),
                _ => Cell::of_text(text),
            },
        }
    }

    /// Without white space around it; blank where nothing else is there.
    pub(crate) fn of_text(text: &'de str) -> Cell<'de> {
        match text.trim() {
            "" => Cell::Blank,
            text => Cell::Text(Cow::Borrowed(text)),
        }
    }

    /// The same of a text that is handed over.
    pub(crate) fn of_string(text: String) -> Cell<'de> {
        match text.trim() {
            "" => Cell::Blank,
            trimmed if trimmed.len() == text.len() => Cell::Text(Cow::Owned(text)),
            trimmed => Cell::Text(Cow::Owned(trimmed.to_owned())),
        }
    }
}

impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Blank => f.write_str("nothing"),
            Cell::Bool(value) => write!(f, "`{value}`"),
            Cell::Integer(value) => write!(f, "`{value}`"),
            Cell::Float(value) => write!(f, "`{value}`"),
            Cell::Text(value) => Quoted(value).fmt(f),
            Cell::List(items) => write!(f, "a list of {}", items.len()),
        }
    }
}

/// The cells of one row, sorted by field.
#[derive(Debug)]
pub struct Cells<'de> {
    spec: &'static RowSpec,
    layout: Rc<Layout>,
    /// For each field, what stood under its own name, and then in each of its columns.
    found: Vec<Option<Cell<'de>>>,
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
            None if parts.is_empty() => return Err(E::custom(self.missing(field, field.name))),
            None => {
                let mut views = Vec::with_capacity(parts.len());
                for (column, part) in field.columns.iter().zip(parts) {
                    match part {
                        Some(cell) => views.push(View::new(field, column, cell)),
                        None => return Err(E::custom(self.missing(field, column))),
                    }
                }
                T::read(&views)
            }
        };
        read.map_err(|problem| E::custom(format_args!("field `{}`, {problem}", field.name)))
    }

    fn missing(&self, field: &FieldSpec, column: &str) -> String {
        let mut text = format!("field `{}`: the column `{column}` is missing", field.name);
        if let Some(close) = closest(column, self.layout.others()) {
            text.push_str(&format!("; there is a column {}", Quoted(close)));
        }
        text
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
        let mut place = 0;
        while let Some(other) = map.next_key_seed(Key(layout.key(place)))? {
            if let Some(key) = other {
                Rc::make_mut(&mut layout).learn(place, key);
            }
            let Some(column) = layout.column(place) else { break };
            place += 1;
            let cell = match column.reads {
                Some(Reads::Value | Reads::ValueOrBlank) => map.next_value()?,
                Some(Reads::Text) => map.next_value_seed(TextSeed)?,
                None => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
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
        Ok(Cells { spec: self.0, layout, found })
    }
}

impl<'de> Deserialize<'de> for Cell<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Cell<'de>, D::Error> {
        deserializer.deserialize_any(CellVisitor)
    }
}

/// Reads a text or nothing.
struct TextSeed;

impl<'de> DeserializeSeed<'de> for TextSeed {
    type Value = Cell<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cell<'de>, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for TextSeed {
    type Value = Cell<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }
    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Cell<'de>, E> {
        Ok(Cell::of_text(value))
    }
    fn visit_str<E>(self, value: &str) -> Result<Cell<'de>, E> {
        Ok(Cell::of_string(value.to_owned()))
    }
    fn visit_string<E>(self, value: String) -> Result<Cell<'de>, E> {
        Ok(Cell::of_string(value))
    }
    fn visit_unit<E>(self) -> Result<Cell<'de>, E> {
        Ok(Cell::Blank)
    }
    fn visit_none<E>(self) -> Result<Cell<'de>, E> {
        Ok(Cell::Blank)
    }
    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Cell<'de>, D::Error> {
        inner.deserialize_str(self)
    }
}

struct CellVisitor;

impl<'de> Visitor<'de> for CellVisitor {
    type Value = Cell<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, a flag, a text, a list or nothing")
    }
    fn visit_bool<E>(self, value: bool) -> Result<Cell<'de>, E> {
        Ok(Cell::Bool(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Cell<'de>, E> {
        Ok(Cell::Integer(value.into()))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Cell<'de>, E> {
        Ok(Cell::Integer(value.into()))
    }
    fn visit_i128<E>(self, value: i128) -> Result<Cell<'de>, E> {
        Ok(Cell::Integer(value))
    }
    fn visit_u128<E>(self, value: u128) -> Result<Cell<'de>, E> {
        Ok(i128::try_from(value).map_or(Cell::Float(value as f64), Cell::Integer))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Cell<'de>, E> {
        Ok(Cell::Float(value))
    }
    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Cell<'de>, E> {
        Ok(Cell::of_text(value))
    }
    fn visit_str<E>(self, value: &str) -> Result<Cell<'de>, E> {
        Ok(Cell::of_string(value.to_owned()))
    }
    fn visit_string<E>(self, value: String) -> Result<Cell<'de>, E> {
        Ok(Cell::of_string(value))
    }
    fn visit_unit<E>(self) -> Result<Cell<'de>, E> {
        Ok(Cell::Blank)
    }
    fn visit_none<E>(self) -> Result<Cell<'de>, E> {
        Ok(Cell::Blank)
    }
    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Cell<'de>, D::Error> {
        Cell::deserialize(inner)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Cell<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Cell::List(list))
    }
}

/// The name that `wanted` was probably meant to be: at most a third of its letters differ.
fn closest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |name: &str| edit_distance(&wanted.to_lowercase(), &name.to_lowercase());
    let (far, name) = names.map(|name| (distance(name), name)).min()?;
    (far <= wanted.chars().count().div_ceil(3)).then_some(name)
}

/// How many letters must be inserted, removed or replaced to make `b` of `a`.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests;
