//! PostgreSQL's decimal numbers, which its client does not support.

use std::error::Error;

use postgres::types::{FromSql, Type};

/// A `numeric` value as decimal text.
pub(super) struct Numeric(pub(super) String);

/// Number of decimal digits per base-10,000 digit.
const DIGITS: usize = 4;

impl<'a> FromSql<'a> for Numeric {
    /// Decodes the wire format, in 16-bit words: number of base-10,000 digits, exponent of the
    /// first digit, sign, number of decimals, digits.
    fn from_sql(_: &Type, bytes: &'a [u8]) -> Result<Numeric, Box<dyn Error + Sync + Send>> {
        let (words, _) = bytes.as_chunks::<2>();
        let [count, weight, sign, decimals, digits @ ..] = words else {
            return Err("a `numeric` is too short".into());
        };
        if usize::from(u16::from_be_bytes(*count)) != digits.len() {
            return Err("a `numeric` has not as many digits as it says".into());
        }
        let sign = match u16::from_be_bytes(*sign) {
            0x0000 => "",
            0x4000 => "-",
            0xd000 => return Ok(Numeric("inf".to_owned())),
            0xf000 => return Ok(Numeric("-inf".to_owned())),
            _ => return Ok(Numeric("NaN".to_owned())),
        };
        let weight = i32::from(i16::from_be_bytes(*weight));
        let decimals = usize::from(u16::from_be_bytes(*decimals));
        // The digit of a power of 10,000; omitted digits are zero.
        let digit = |power: i32| {
            let index = usize::try_from(weight - power).ok();
            let digit = index.and_then(|index| digits.get(index));
            format!("{:04}", digit.map_or(0, |digit| u16::from_be_bytes(*digit)))
        };
        let whole: String = (0..=weight.max(0)).rev().map(digit).collect();
        let powers = i32::try_from(decimals.div_ceil(DIGITS))?;
        let fraction: String = (1..=powers).map(|power| digit(-power)).collect();
        let whole = match whole.trim_start_matches('0') {
            "" => "0",
            whole => whole,
        };
        Ok(Numeric(match fraction.get(..decimals) {
            None | Some("") => format!("{sign}{whole}"),
            Some(fraction) => format!("{sign}{whole}.{fraction}"),
        }))
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::NUMERIC
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[u16]) -> Option<String> {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        Numeric::from_sql(&Type::NUMERIC, &bytes).ok().map(|Numeric(text)| text)
    }

    #[test]
    fn decimal_digits_are_those_of_the_number() {
        // Bytes from PostgreSQL 15.
        let known: [(&[u16], &str); 7] = [
            (&[2, 0, 0, 2, 12, 5000], "12.50"),
            (&[0, 0, 0, 0], "0"),
            (&[2, 1, 0x4000, 0, 123, 4567], "-1234567"),
            (&[1, 0xffff, 0, 3, 50], "0.005"),
            (&[1, 2, 0, 0, 7], "700000000"),
            (&[1, 0xfffe, 0x4000, 8, 1], "-0.00000001"),
            (&[0, 0, 0xc000, 0], "NaN"),
        ];
        for (words, text) in known {
            assert_eq!(read(words).as_deref(), Some(text));
        }
        assert_eq!(read(&[1, 0, 0]), None);
        assert_eq!(read(&[2, 0, 0, 0, 1]), None);
    }
}
