//! One value of a row, independent of the source.

use std::{borrow::Cow, fmt};

use multi_input_base::quote::Quoted;
use serde::{
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
    Deserialize, Deserializer,
};

use crate::LAST_WHOLE;

/// One value of a row as a source holds it.
///
/// All sources give cells, and the functions of this crate read them: a text of digits is a number
/// where a number is read, and a whole number a text where a text is read, independent of the
/// source.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'de> {
    /// An empty CSV cell, or JSON's null.
    Blank,
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Integer(i128),
    /// Any other number.
    Float(f64),
    /// A text, including dates in ISO 8601.
    Text(Cow<'de, str>),
    /// Binary data, such as an image file.
    Bytes(Cow<'de, [u8]>),
    /// A list of cells.
    List(Vec<Cell<'de>>),
    /// A description of a value that no field accepts.
    Other(Cow<'de, str>),
}

impl<'de> Cell<'de> {
    /// Parses a text: a boolean, a number, or else a text.
    pub fn of_value(text: &'de str) -> Cell<'de> {
        match text {
            "true" => return Cell::Bool(true),
            "false" => return Cell::Bool(false),
            _ => {}
        }
        if let Ok(whole) = text.parse() {
            return Cell::Integer(whole);
        }
        text.parse().map_or_else(|_| Cell::of_text(text), Cell::Float)
    }

    /// A trimmed text; `Blank` where nothing is left.
    pub fn of_text(text: &'de str) -> Cell<'de> {
        match text.trim() {
            "" => Cell::Blank,
            text => Cell::Text(Cow::Borrowed(text)),
        }
    }

    /// As [`of_text`](Cell::of_text), from an owned text.
    pub fn of_string(text: String) -> Cell<'de> {
        match text.trim() {
            "" => Cell::Blank,
            trimmed if trimmed.len() == text.len() => Cell::Text(Cow::Owned(text)),
            trimmed => Cell::Text(Cow::Owned(trimmed.to_owned())),
        }
    }

    /// Trims text cells, and the texts in lists.
    pub fn trimmed(self) -> Cell<'de> {
        match self {
            Cell::Text(Cow::Borrowed(text)) => Cell::of_text(text),
            Cell::Text(Cow::Owned(text)) => Cell::of_string(text),
            Cell::List(items) => Cell::List(items.into_iter().map(Cell::trimmed).collect()),
            other => other,
        }
    }

    /// The cell as a number or boolean: texts are parsed.
    pub fn value(&self) -> Cow<'_, Cell<'_>> {
        match self {
            Cell::Text(text) => Cow::Owned(Cell::of_value(text.trim())),
            other => Cow::Borrowed(other),
        }
    }

    /// The whole number of a cell that is not a text. 3.0 is whole and 3.5 is not, because tables
    /// that went through floating point hold 3 as 3.0.
    pub fn whole(&self) -> Option<i128> {
        match self {
            Cell::Integer(number) => Some(*number),
            Cell::Float(number) if number.fract() == 0.0 && number.abs() <= LAST_WHOLE => {
                Some(*number as i128)
            }
            _ => None,
        }
    }

    /// The cell as text: a number by its digits.
    pub fn to_text(&self) -> Cow<'_, str> {
        match self {
            Cell::Text(text) => Cow::Borrowed(text),
            Cell::Bool(value) => Cow::Owned(value.to_string()),
            Cell::Integer(value) => Cow::Owned(value.to_string()),
            Cell::Float(value) => Cow::Owned(value.to_string()),
            Cell::Blank | Cell::Bytes(_) | Cell::List(_) | Cell::Other(_) => Cow::Borrowed(""),
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
            Cell::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            Cell::List(items) => write!(f, "a list of {}", items.len()),
            Cell::Other(what) => f.write_str(what),
        }
    }
}

impl<'de> Deserialize<'de> for Cell<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Cell<'de>, D::Error> {
        deserializer.deserialize_any(CellVisitor)
    }
}

/// Reads a cell as text: `deserialize_any` of the `csv` crate would parse `007` as 7.
pub struct AsText;

impl<'de> DeserializeSeed<'de> for AsText {
    type Value = Cell<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cell<'de>, D::Error> {
        deserializer.deserialize_str(CellVisitor)
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
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Cell<'de>, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Cell::Other("an object with keys of its own".into()))
    }
    fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Cell<'de>, E> {
        Ok(Cell::Bytes(Cow::Borrowed(bytes)))
    }
    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Cell<'de>, E> {
        Ok(Cell::Bytes(Cow::Owned(bytes.to_vec())))
    }
    fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Cell<'de>, E> {
        Ok(Cell::Bytes(Cow::Owned(bytes)))
    }
    /// The sources of this crate pass the description of an unsupported value as a newtype struct.
    fn visit_newtype_struct<D: Deserializer<'de>>(self, words: D) -> Result<Cell<'de>, D::Error> {
        Ok(Cell::Other(String::deserialize(words)?.into()))
    }
}
