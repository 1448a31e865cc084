//! Cells as serde deserializers.

use std::{borrow::Cow, fmt};

use multi_input_cells::{flag, Cell, CellFormat};
use serde::{
    de::{value::SeqDeserializer, Deserializer, Expected, IntoDeserializer, Unexpected, Visitor},
    forward_to_deserialize_any,
};

/// The error of a cell or row that serde could not read.
#[derive(Debug)]
pub enum CellError {
    /// A column is missing for a field of a user-defined struct.
    Missing(&'static str),
    /// The message of any other error.
    Words(String),
}

impl fmt::Display for CellError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CellError::Missing(column) => write!(f, "the column `{column}` is missing"),
            CellError::Words(words) => f.write_str(words),
        }
    }
}

impl CellError {
    /// Replaces serde's term for a described cell, a newtype struct, by the cell's description.
    fn with_description(self, words: &str) -> CellError {
        match self {
            CellError::Words(text) => CellError::Words(text.replace("newtype struct", words)),
            missing => missing,
        }
    }
}

impl std::error::Error for CellError {}

impl serde::de::Error for CellError {
    fn custom<T: fmt::Display>(words: T) -> CellError {
        CellError::Words(words.to_string())
    }
    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> CellError {
        CellError::Words(format!("expected {expected}, found {found}"))
    }
    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> CellError {
        CellError::invalid_type(found, expected)
    }
    fn missing_field(field: &'static str) -> CellError {
        CellError::Missing(field)
    }
}

/// Deserializer methods that forward to another method.
macro_rules! forward_methods {
    ($($target:ident: $($name:ident)+);+) => {
        $($(
            fn $name<V: Visitor<'de>>(self, visitor: V) -> std::result::Result<V::Value, CellError> {
                self.$target(visitor)
            }
        )+)+
    };
}

/// Deserializes a cell to a field of a user-defined struct with serde, or by a function of the user,
/// by the conversions of [`FromCells`](super::FromCells).
#[derive(Debug)]
pub struct CellDeserializer<'de>(Cell<'de>);

impl<'de> CellDeserializer<'de> {
    /// A deserializer of one cell.
    pub fn new(cell: Cell<'de>) -> CellDeserializer<'de> {
        CellDeserializer(cell)
    }
}

impl<'de> Deserializer<'de> for CellDeserializer<'de> {
    type Error = CellError;

    fn deserialize_any<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> std::result::Result<V::Value, CellError> {
        match self.0 {
            Cell::Blank => visitor.visit_unit(),
            Cell::Bool(value) => visitor.visit_bool(value),
            Cell::Integer(value) => match (i64::try_from(value), u64::try_from(value)) {
                (Ok(value), _) => visitor.visit_i64(value),
                (_, Ok(value)) => visitor.visit_u64(value),
                _ => visitor.visit_i128(value),
            },
            Cell::Float(value) => visitor.visit_f64(value),
            Cell::Text(Cow::Borrowed(value)) => visitor.visit_borrowed_str(value.trim()),
            Cell::Text(Cow::Owned(value)) => match value.trim() {
                trimmed if trimmed.len() < value.len() => visitor.visit_str(trimmed),
                _ => visitor.visit_string(value),
            },
            Cell::Bytes(Cow::Borrowed(bytes)) => visitor.visit_borrowed_bytes(bytes),
            Cell::Bytes(Cow::Owned(bytes)) => visitor.visit_byte_buf(bytes),
            Cell::List(values) => {
                visitor.visit_seq(SeqDeserializer::new(values.into_iter().map(CellDeserializer)))
            }
            Cell::Other(words) => {
                let description = IntoDeserializer::<CellError>::into_deserializer(&*words);
                visitor
                    .visit_newtype_struct(description)
                    .map_err(|problem| problem.with_description(&words))
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> std::result::Result<V::Value, CellError> {
        match self.0 {
            Cell::Blank => visitor.visit_none(),
            value => visitor.visit_some(CellDeserializer(value)),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> std::result::Result<V::Value, CellError> {
        match flag(&self.0, &CellFormat::DEFAULT) {
            Ok(flag) => visitor.visit_bool(flag),
            Err(_) => self.deserialize_any(visitor),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> std::result::Result<V::Value, CellError> {
        let number = match &*self.0.value() {
            Cell::Integer(number) => Some(CellDeserializer(Cell::Integer(*number))),
            Cell::Float(number) => Some(CellDeserializer(Cell::Float(*number))),
            _ => None,
        };
        number.unwrap_or(self).deserialize_any(visitor)
    }

    fn deserialize_i64<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> std::result::Result<V::Value, CellError> {
        let whole = self.0.value().whole().map(|whole| CellDeserializer(Cell::Integer(whole)));
        whole.unwrap_or(self).deserialize_any(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> std::result::Result<V::Value, CellError> {
        // Not by serde's rule, which takes bytes for a text where they are UTF-8.
        if let Cell::Bytes(_) = self.0 {
            let found = self.0.to_string();
            return Err(serde::de::Error::invalid_type(Unexpected::Other(&found), &visitor));
        }
        self.deserialize_str(visitor)
    }

    /// A text field takes its cell by this, which may be bytes.
    fn deserialize_str<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> std::result::Result<V::Value, CellError> {
        match self.0.whole() {
            Some(whole) => visitor.visit_string(whole.to_string()),
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> std::result::Result<V::Value, CellError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> std::result::Result<V::Value, CellError> {
        match &self.0 {
            Cell::Text(text) => visitor.visit_enum(text.trim().into_deserializer()),
            _ => self.deserialize_any(visitor),
        }
    }

    forward_methods! {
        deserialize_f64: deserialize_f32;
        deserialize_i64: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_u8
            deserialize_u16 deserialize_u32 deserialize_u64 deserialize_i128 deserialize_u128
    }

    forward_to_deserialize_any! {
        char bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, CellError> for CellDeserializer<'de> {
    type Deserializer = CellDeserializer<'de>;

    fn into_deserializer(self) -> CellDeserializer<'de> {
        self
    }
}
