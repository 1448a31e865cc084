//! Values as bytes that keep every bit, for other processes of the same program.
//!
//! The form describes itself: a tag precedes each value, so every type works that serde can write,
//! and bytes of another type are an error. JSON has neither NaN nor infinity.

use std::fmt;

use serde::{
    de::{
        value::{Error, StringDeserializer},
        DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer,
        MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor,
    },
    forward_to_deserialize_any, ser, Deserialize, Serialize,
};

/// What precedes a value.
mod tag {
    pub(super) const UNIT: u8 = 0;
    pub(super) const NONE: u8 = 1;
    /// Followed by the value.
    pub(super) const SOME: u8 = 2;
    pub(super) const FALSE: u8 = 3;
    pub(super) const TRUE: u8 = 4;
    /// Followed by the integer in groups of 7 bits, the lowest first (LEB128).
    pub(super) const UNSIGNED: u8 = 5;
    /// As [`UNSIGNED`], of -1 - n for a negative n.
    pub(super) const NEGATIVE: u8 = 6;
    pub(super) const SINGLE: u8 = 7;
    pub(super) const DOUBLE: u8 = 8;
    /// Followed by the length and UTF-8.
    pub(super) const TEXT: u8 = 9;
    /// Followed by the length and the bytes.
    pub(super) const BYTES: u8 = 10;
    /// Followed by values up to [`END`].
    pub(super) const SEQUENCE: u8 = 11;
    /// Followed by keys and values up to [`END`]. A variant with content is a map of one entry.
    pub(super) const MAP: u8 = 12;
    pub(super) const END: u8 = 13;
}

/// The maximum depth of nested values: damaged bytes must not exhaust the stack.
const MOST_NESTED: usize = 64;

/// A value as bytes, from which [`from_bytes`] reads it with every bit, NaN and infinity among them.
///
/// # Errors
/// That of the type's own `Serialize`, and 128-bit integers.
pub fn to_bytes<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, String> {
    let mut writer = Writer(Vec::new());
    value.serialize(&mut writer).map_err(|error| error.to_string())?;
    Ok(writer.0)
}

/// The value that [`to_bytes`] wrote.
///
/// # Errors
/// If the bytes are damaged, or of another type.
pub fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let mut reader = Reader { bytes, nested: 0 };
    let value = T::deserialize(&mut reader).map_err(|error| error.to_string())?;
    match reader.bytes.len() {
        0 => Ok(value),
        more => Err(format!("{more} bytes follow the value")),
    }
}

/// Bytes that are written as they are, and not as a sequence of integers.
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: ser::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        struct OfBytes;

        impl Visitor<'_> for OfBytes {
            type Value = Bytes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }
        }

        deserializer.deserialize_byte_buf(OfBytes)
    }
}

struct Writer(Vec<u8>);

impl Writer {
    fn number(&mut self, tag: u8, number: u64) {
        self.0.push(tag);
        self.groups(number);
    }

    fn groups(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    fn long(&mut self, tag: u8, bytes: &[u8]) {
        self.number(tag, bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    /// Begins a value of a variant with content.
    fn variant(&mut self, name: &str) {
        self.0.push(tag::MAP);
        self.long(tag::TEXT, name.as_bytes());
    }
}

macro_rules! write_integers {
    ($($method:ident $integer:ident,)+) => {$(
        fn $method(self, number: $integer) -> Result<(), Error> {
            self.serialize_i64(number.into())
        }
    )+};
}

impl<'a> ser::Serializer for &'a mut Writer {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Elements<'a>;
    type SerializeTuple = Elements<'a>;
    type SerializeTupleStruct = Elements<'a>;
    type SerializeTupleVariant = Elements<'a>;
    type SerializeMap = Elements<'a>;
    type SerializeStruct = Elements<'a>;
    type SerializeStructVariant = Elements<'a>;

    write_integers! {
        serialize_i8 i8, serialize_i16 i16, serialize_i32 i32,
        serialize_u8 u8, serialize_u16 u16, serialize_u32 u32,
    }

    fn serialize_i64(self, number: i64) -> Result<(), Error> {
        match u64::try_from(number) {
            Ok(number) => self.number(tag::UNSIGNED, number),
            Err(_) => self.number(tag::NEGATIVE, !number as u64),
        }
        Ok(())
    }

    fn serialize_u64(self, number: u64) -> Result<(), Error> {
        self.number(tag::UNSIGNED, number);
        Ok(())
    }

    fn serialize_bool(self, flag: bool) -> Result<(), Error> {
        self.0.push(if flag { tag::TRUE } else { tag::FALSE });
        Ok(())
    }

    fn serialize_f32(self, number: f32) -> Result<(), Error> {
        self.0.push(tag::SINGLE);
        self.0.extend(number.to_bits().to_le_bytes());
        Ok(())
    }

    fn serialize_f64(self, number: f64) -> Result<(), Error> {
        self.0.push(tag::DOUBLE);
        self.0.extend(number.to_bits().to_le_bytes());
        Ok(())
    }

    fn serialize_char(self, character: char) -> Result<(), Error> {
        self.serialize_str(character.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, text: &str) -> Result<(), Error> {
        self.long(tag::TEXT, text.as_bytes());
        Ok(())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), Error> {
        self.long(tag::BYTES, bytes);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.0.push(tag::NONE);
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        self.0.push(tag::SOME);
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.0.push(tag::UNIT);
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.variant(variant);
        value.serialize(&mut *self)?;
        self.0.push(tag::END);
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Elements<'a>, Error> {
        self.0.push(tag::SEQUENCE);
        Ok(Elements { writer: self, ends: 1 })
    }

    fn serialize_tuple(self, _: usize) -> Result<Elements<'a>, Error> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Elements<'a>, Error> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Elements<'a>, Error> {
        self.variant(variant);
        self.0.push(tag::SEQUENCE);
        Ok(Elements { writer: self, ends: 2 })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Elements<'a>, Error> {
        self.0.push(tag::MAP);
        Ok(Elements { writer: self, ends: 1 })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Elements<'a>, Error> {
        self.serialize_map(None)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Elements<'a>, Error> {
        self.variant(variant);
        self.0.push(tag::MAP);
        Ok(Elements { writer: self, ends: 2 })
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// The elements of a sequence, or the keys and values of a map.
struct Elements<'a> {
    writer: &'a mut Writer,
    /// The number of [`tag::END`]s: two for a variant, whose content is in a map.
    ends: usize,
}

impl Elements<'_> {
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(&mut *self.writer)
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Error> {
        self.element(name)?;
        self.element(value)
    }

    fn finish(self) -> Result<(), Error> {
        self.writer.0.extend(std::iter::repeat_n(tag::END, self.ends));
        Ok(())
    }
}

macro_rules! write_elements {
    ($($kind:ident $method:ident($($name:ident: $of:ty)?) as $write:ident,)+) => {$(
        impl ser::$kind for Elements<'_> {
            type Ok = ();
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(
                &mut self,
                $($name: $of,)?
                value: &T,
            ) -> Result<(), Error> {
                self.$write($($name,)? value)
            }

            fn end(self) -> Result<(), Error> {
                self.finish()
            }
        }
    )+};
}

write_elements! {
    SerializeSeq serialize_element() as element,
    SerializeTuple serialize_element() as element,
    SerializeTupleStruct serialize_field() as element,
    SerializeTupleVariant serialize_field() as element,
    SerializeStruct serialize_field(name: &'static str) as field,
    SerializeStructVariant serialize_field(name: &'static str) as field,
}

impl ser::SerializeMap for Elements<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.element(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.element(value)
    }

    fn end(self) -> Result<(), Error> {
        self.finish()
    }
}

struct Reader<'de> {
    bytes: &'de [u8],
    /// The number of sequences, maps and options around the next value.
    nested: usize,
}

impl<'de> Reader<'de> {
    fn take(&mut self, count: usize) -> Result<&'de [u8], Error> {
        let (taken, rest) =
            self.bytes.split_at_checked(count).ok_or_else(|| Error::custom("they end too soon"))?;
        self.bytes = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        self.take(N)?.try_into().map_err(Error::custom)
    }

    fn byte(&mut self) -> Result<u8, Error> {
        Ok(self.array::<1>()?[0])
    }

    fn number(&mut self) -> Result<u64, Error> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte()?;
            let group = u64::from(byte & 0x7f);
            if shift > 63 || (group << shift) >> shift != group {
                return Err(Error::custom("an integer of more than 64 bits"));
            }
            number |= group << shift;
            if byte < 0x80 {
                return Ok(number);
            }
            shift += 7;
        }
    }

    fn long(&mut self) -> Result<&'de [u8], Error> {
        let length = self.number()?;
        self.take(usize::try_from(length).map_err(Error::custom)?)
    }

    fn text(&mut self) -> Result<&'de str, Error> {
        std::str::from_utf8(self.long()?).map_err(Error::custom)
    }

    /// Whether another element precedes the [`tag::END`].
    fn has_next(&mut self) -> Result<bool, Error> {
        match self.bytes.first() {
            Some(&tag::END) => Ok(false),
            Some(_) => Ok(true),
            None => Err(Error::custom("they end too soon")),
        }
    }

    /// Reads what is inside of a value.
    fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Reader<'de>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if self.nested == MOST_NESTED {
            return Err(Error::custom("the values are nested too deeply"));
        }
        self.nested += 1;
        let value = read(self);
        self.nested -= 1;
        value
    }

    /// Reads what is inside of a sequence or map, and its [`tag::END`].
    fn until_end<T>(
        &mut self,
        read: impl FnOnce(&mut Reader<'de>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let value = self.nested(read)?;
        match self.byte()? {
            tag::END => Ok(value),
            _ => Err(Error::custom("more elements than expected")),
        }
    }
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.byte()? {
            tag::UNIT => visitor.visit_unit(),
            tag::NONE => visitor.visit_none(),
            tag::SOME => self.nested(|reader| visitor.visit_some(reader)),
            tag::FALSE => visitor.visit_bool(false),
            tag::TRUE => visitor.visit_bool(true),
            tag::UNSIGNED => visitor.visit_u64(self.number()?),
            tag::NEGATIVE => match i64::try_from(self.number()?) {
                Ok(number) => visitor.visit_i64(!number),
                Err(error) => Err(Error::custom(error)),
            },
            tag::SINGLE => visitor.visit_f32(f32::from_le_bytes(self.array()?)),
            tag::DOUBLE => visitor.visit_f64(f64::from_le_bytes(self.array()?)),
            tag::TEXT => visitor.visit_borrowed_str(self.text()?),
            tag::BYTES => visitor.visit_borrowed_bytes(self.long()?),
            tag::SEQUENCE => self.until_end(|reader| visitor.visit_seq(reader)),
            tag::MAP => self.until_end(|reader| visitor.visit_map(reader)),
            other => Err(Error::custom(format!("no value begins with {other}"))),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.byte()? {
            tag::TEXT => visitor.visit_enum(self.text()?.into_deserializer()),
            tag::MAP => self.until_end(|reader| visitor.visit_enum(reader)),
            _ => Err(Error::custom("expected a variant")),
        }
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'de> SeqAccess<'de> for &mut Reader<'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        match self.has_next()? {
            true => seed.deserialize(&mut **self).map(Some),
            false => Ok(None),
        }
    }
}

impl<'de> MapAccess<'de> for &mut Reader<'de> {
    type Error = Error;

    fn next_key_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        SeqAccess::next_element_seed(self, seed)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(&mut **self)
    }
}

impl<'de> EnumAccess<'de> for &mut Reader<'de> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self), Error> {
        match self.byte()? {
            tag::TEXT => {
                let name: StringDeserializer<Error> = self.text()?.to_owned().into_deserializer();
                Ok((seed.deserialize(name)?, self))
            }
            _ => Err(Error::custom("expected the name of a variant")),
        }
    }
}

impl<'de> VariantAccess<'de> for &mut Reader<'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Err(Error::invalid_type(Unexpected::Map, &"a variant without content"))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct All {
        unit: (),
        flags: [bool; 2],
        integers: (u8, i8, u32, i32, u64, i64, i64, u64),
        character: char,
        text: String,
        options: Vec<Option<Option<u8>>>,
        variants: Vec<Variant>,
        untagged: Vec<Untagged>,
        map: BTreeMap<u64, String>,
        newtype: Newtype,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        left_out: Vec<u8>,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Newtype(f32);

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    enum Variant {
        Unit,
        Newtype(Option<f64>),
        Tuple(u8, String),
        Struct { a: u8, b: Vec<u8> },
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Untagged {
        Text(String),
        Numbers(Vec<f64>),
    }

    fn all() -> All {
        All {
            unit: (),
            flags: [false, true],
            integers: (255, -128, u32::MAX, i32::MIN, u64::MAX, i64::MIN, -1, 128),
            character: '\u{1f600}',
            text: "caf\u{e9}".to_owned(),
            options: vec![None, Some(None), Some(Some(3))],
            variants: vec![
                Variant::Unit,
                Variant::Newtype(Some(-0.0)),
                Variant::Tuple(1, String::new()),
                Variant::Struct { a: 1, b: vec![2, 3] },
            ],
            untagged: vec![Untagged::Numbers(vec![f64::INFINITY]), Untagged::Text("a".to_owned())],
            map: [(7, "seven".to_owned())].into(),
            newtype: Newtype(1e-45),
            left_out: Vec::new(),
        }
    }

    #[test]
    fn every_type_comes_back() {
        let bytes = to_bytes(&all()).unwrap();
        assert_eq!(from_bytes::<All>(&bytes).unwrap(), all());
    }

    #[test]
    fn every_bit_of_a_float_comes_back() {
        for bits in [0x7ff8_0000_0000_0001, 0xfff0_0000_0000_0000, 1 << 63, 1_u64] {
            let bytes = to_bytes(&f64::from_bits(bits)).unwrap();
            assert_eq!(from_bytes::<f64>(&bytes).unwrap().to_bits(), bits);
        }
        let bytes = to_bytes(&f32::from_bits(0x7fc0_0001)).unwrap();
        assert_eq!(from_bytes::<f32>(&bytes).unwrap().to_bits(), 0x7fc0_0001);
        assert_eq!(to_bytes(&[1.0_f32, 2.0]).unwrap(), [11, 7, 0, 0, 128, 63, 7, 0, 0, 0, 64, 13]);
    }

    #[test]
    fn damaged_bytes_are_an_error() {
        let bytes = to_bytes(&all()).unwrap();
        for end in 0..bytes.len() {
            assert!(from_bytes::<All>(&bytes[..end]).is_err(), "{end}");
        }
        for index in 0..bytes.len() {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[index] ^= 1 << bit;
                let _ = from_bytes::<All>(&damaged);
                let _ = from_bytes::<serde_json::Value>(&damaged);
            }
        }
        assert!(from_bytes::<u8>(&to_bytes(&256_u64).unwrap()).is_err());
        assert!(from_bytes::<u8>(&to_bytes(&(1_u8, 2_u8)).unwrap()).is_err());
        assert!(from_bytes::<u8>(&[5, 1, 0]).is_err());
        assert!(from_bytes::<u64>(&[5, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2]).is_err());
        let deep = [tag::SEQUENCE; 1 << 20];
        assert!(from_bytes::<serde_json::Value>(&deep).is_err());
        assert!(from_bytes::<Vec<f64>>(&[tag::TEXT, 255, 255, 255, 255, 15]).is_err());
    }
}
