//! Rows out of columns: what the generated `Deserialize` of a row struct calls.
//!
//! serde's own arrays stop at 32 elements, and it knows no groups of columns. Here a field is
//! filled from one key (a CSV column, or a JSON value that may be a nested list) or from the
//! columns that `columns(...)` names. Columns that no field asks for are ignored.

use std::fmt;

use serde::{
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
    Deserialize, Deserializer,
};

mod parse;

pub use parse::{FromCells, Problem, View};

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

    /// The columns that have to be there, unless a list stands under the field's own name.
    fn columns(&self) -> &[&'static str] {
        if self.columns.is_empty() {
            std::slice::from_ref(&self.name)
        } else {
            self.columns
        }
    }
}

/// One value as the source holds it.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing: an empty CSV cell, or JSON's null.
    Blank,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i128),
    /// Any other number.
    Float(f64),
    /// Anything else.
    Text(String),
    /// A JSON list.
    List(Vec<Cell>),
}

impl Cell {
    /// Without white space around it; blank where nothing else is there.
    fn of_text(text: &str) -> Cell {
        match text.trim() {
            "" => Cell::Blank,
            text => Cell::Text(text.to_owned()),
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Blank => f.write_str("nothing"),
            Cell::Bool(value) => write!(f, "`{value}`"),
            Cell::Integer(value) => write!(f, "`{value}`"),
            Cell::Float(value) => write!(f, "`{value}`"),
            Cell::Text(value) => write!(f, "`{value}`"),
            Cell::List(items) => write!(f, "a list of {}", items.len()),
        }
    }
}

/// The cells of one row, sorted by field.
#[derive(Debug)]
pub struct Cells {
    spec: &'static RowSpec,
    /// For each field, what stood under its own name or in each of its columns.
    found: Vec<Found>,
    /// Keys that no field asked for, to suggest where one is missing.
    others: Vec<String>,
}

#[derive(Debug, Default)]
struct Found {
    whole: Option<Cell>,
    parts: Vec<Option<Cell>>,
}

impl Found {
    /// Whether a cell under the field's name belongs to a column that only happens to be called
    /// so: the field's own columns are there as well.
    fn is_other_column(&self, whole: &Cell) -> bool {
        !self.parts.is_empty() && !matches!(whole, Cell::List(_))
    }
}

impl Cells {
    /// Reads one row, a map from column names to values.
    ///
    /// # Errors
    /// The deserializer's, and where a column occurs twice.
    pub fn read<'de, D: Deserializer<'de>>(
        deserializer: D,
        spec: &'static RowSpec,
    ) -> Result<Cells, D::Error> {
        deserializer.deserialize_map(RowVisitor(spec))
    }

    /// The value of field number `index`.
    ///
    /// # Errors
    /// Where a column is missing, blank, or holds something else; the text names field, column,
    /// what was expected and what was found.
    pub fn take<T: FromCells, E: serde::de::Error>(&mut self, index: usize) -> Result<T, E> {
        let Some((field, found)) = self.spec.fields.get(index).zip(self.found.get(index)) else {
            return Err(E::custom(format_args!("`{}` has no field {index}", self.spec.row)));
        };
        let mut views = Vec::with_capacity(found.parts.len().max(1));
        match &found.whole {
            Some(cell) if !found.is_other_column(cell) => {
                views.push(View::new(field, field.name, cell));
            }
            _ => {
                let mut parts = found.parts.iter();
                for column in field.columns() {
                    match parts.next() {
                        Some(Some(cell)) => views.push(View::new(field, column, cell)),
                        _ => return Err(E::custom(self.missing(field, column))),
                    }
                }
            }
        }
        T::read(&views)
            .map_err(|problem| E::custom(format_args!("field `{}`, {problem}", field.name)))
    }

    fn missing(&self, field: &FieldSpec, column: &str) -> String {
        let mut text = format!("field `{}`: the column `{column}` is missing", field.name);
        if let Some(close) = closest(column, &self.others) {
            text.push_str(&format!("; there is a column `{close}`"));
        }
        text
    }

    fn insert(&mut self, key: &str, cell: &Cell) -> bool {
        let mut fresh = true;
        for (field, found) in self.spec.fields.iter().zip(&mut self.found) {
            if let Some(place) = field.columns.iter().position(|&column| column == key) {
                found.parts.resize(field.columns.len(), None);
                fresh &= found.parts[place].replace(cell.clone()).is_none();
            } else if field.is_named(key) {
                fresh &= found.whole.replace(cell.clone()).is_none();
            }
        }
        fresh
    }
}

struct RowVisitor(&'static RowSpec);

impl<'de> Visitor<'de> for RowVisitor {
    type Value = Cells;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a row of `{}` with named columns", self.0.row)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cells, A::Error> {
        let found = self.0.fields.iter().map(|_| Found::default()).collect();
        let mut cells = Cells { spec: self.0, found, others: Vec::new() };
        while let Some(key) = map.next_key::<String>()? {
            let wanted =
                |field: &&FieldSpec| field.is_named(&key) || field.columns.contains(&key.as_str());
            if let Some(field) = self.0.fields.iter().find(wanted) {
                let cell = match field.reads {
                    Reads::Value | Reads::ValueOrBlank => map.next_value()?,
                    Reads::Text => map.next_value_seed(TextSeed)?,
                };
                if !cells.insert(&key, &cell) {
                    return Err(A::Error::custom(format_args!("the column `{key}` occurs twice")));
                }
            } else {
                map.next_value::<IgnoredAny>()?;
                cells.others.push(key);
            }
        }
        Ok(cells)
    }
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Cell, D::Error> {
        deserializer.deserialize_any(CellVisitor)
    }
}

/// Reads a text or nothing.
struct TextSeed;

impl<'de> DeserializeSeed<'de> for TextSeed {
    type Value = Cell;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cell, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for TextSeed {
    type Value = Cell;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }
    fn visit_str<E>(self, value: &str) -> Result<Cell, E> {
        Ok(Cell::of_text(value))
    }
    fn visit_unit<E>(self) -> Result<Cell, E> {
        Ok(Cell::Blank)
    }
    fn visit_none<E>(self) -> Result<Cell, E> {
        Ok(Cell::Blank)
    }
    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Cell, D::Error> {
        inner.deserialize_str(self)
    }
}

struct CellVisitor;

impl<'de> Visitor<'de> for CellVisitor {
    type Value = Cell;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, a flag, a text, a list or nothing")
    }
    fn visit_bool<E>(self, value: bool) -> Result<Cell, E> {
        Ok(Cell::Bool(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Cell, E> {
        Ok(Cell::Integer(value.into()))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Cell, E> {
        Ok(Cell::Integer(value.into()))
    }
    fn visit_i128<E>(self, value: i128) -> Result<Cell, E> {
        Ok(Cell::Integer(value))
    }
    fn visit_u128<E>(self, value: u128) -> Result<Cell, E> {
        Ok(i128::try_from(value).map_or(Cell::Float(value as f64), Cell::Integer))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Cell, E> {
        Ok(Cell::Float(value))
    }
    fn visit_str<E>(self, value: &str) -> Result<Cell, E> {
        Ok(Cell::of_text(value))
    }
    fn visit_unit<E>(self) -> Result<Cell, E> {
        Ok(Cell::Blank)
    }
    fn visit_none<E>(self) -> Result<Cell, E> {
        Ok(Cell::Blank)
    }
    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Cell, D::Error> {
        Cell::deserialize(inner)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Cell, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Cell::List(list))
    }
}

/// The name that `wanted` was probably meant to be: at most a third of its letters differ.
fn closest<'a>(wanted: &str, names: &'a [String]) -> Option<&'a str> {
    let distance = |name: &String| edit_distance(&wanted.to_lowercase(), &name.to_lowercase());
    let (far, name) = names.iter().map(|name| (distance(name), name)).min()?;
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
