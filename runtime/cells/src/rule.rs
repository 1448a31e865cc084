//! What the cells of a field must hold.

use crate::{
    advice, date, flag, format::Content, instant, number, text, time, whole, Cell, CellFormat, Read,
};

/// The type of a field's elements, as far as it decides which cells are valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// A number in single precision.
    Single,
    /// A number in double precision.
    Double,
    /// A whole number in these bounds, inclusive, that `f64` holds exactly.
    WholeDouble(i64, u64),
    /// A category index below a bound.
    Below(u64),
    /// A class below a bound.
    Class(u64),
    /// A flag.
    Flag,
    /// A text.
    Text,
    /// The path of an image, or its bytes.
    Image,
    /// A date.
    Date,
    /// A time without a zone.
    Time,
    /// A time with a zone.
    Instant,
}

impl ValueType {
    /// What decides whether a cell is missing.
    pub fn content(self) -> Content {
        match self {
            ValueType::Single
            | ValueType::Double
            | ValueType::WholeDouble(..)
            | ValueType::Below(_)
            | ValueType::Class(_) => Content::Number,
            ValueType::Flag => Content::Flag,
            ValueType::Text | ValueType::Image => Content::Text,
            ValueType::Date | ValueType::Time | ValueType::Instant => Content::Date,
        }
    }
}

/// What the cells of a field must hold.
#[derive(Clone, Copy, Debug)]
pub struct FieldRule<'a> {
    /// The type of the elements.
    pub value: ValueType,
    /// How the cells are written.
    pub format: CellFormat<'a>,
}

/// Reads the index of a class below `bound`.
///
/// # Errors
/// What was expected instead of the cell.
pub fn class(cell: &Cell<'_>, format: &CellFormat<'_>, bound: u64) -> Read<u64> {
    let last = bound.saturating_sub(1);
    let is_number = whole(cell, format, [i64::MIN.into(), i64::MAX.into()]).is_ok();
    let index = whole(cell, format, [0, last.into()]).ok();
    index.and_then(|index| u64::try_from(index).ok()).ok_or_else(|| match is_number {
        true => format!("a class from 0 to {last}"),
        false => {
            format!("a class from 0 to {last}; `categories` in `#[output(...)]` takes labels")
        }
    })
}

/// Whether a text is a number such as `-1.25`, of so few digits before its point that every whole
/// one of them is exact in single precision.
fn is_short_decimal(text: &[u8]) -> bool {
    const MAX_DIGITS: usize = 7;
    let (mut index, mut digits, mut point) = (0, 0, usize::MAX);
    // A loop over indices, because iterators are slow without optimisation.
    while index < text.len() {
        match text[index] {
            b'0'..=b'9' => digits += 1,
            b'-' if index == 0 => {}
            b'.' if point == usize::MAX => point = digits,
            _ => return false,
        }
        index += 1;
    }
    digits > 0 && (if point == usize::MAX { digits } else { point }) <= MAX_DIGITS
}

impl FieldRule<'_> {
    /// Whether a cell denotes a missing value.
    pub fn is_missing(&self, cell: &Cell<'_>) -> bool {
        self.format.is_missing(cell, self.value.content())
    }

    /// Whether a text is certainly valid and not missing, in the format of a field that declares
    /// nothing. It says so of most texts, in little time.
    pub fn takes_plainly(&self, text: &str) -> bool {
        match self.value {
            ValueType::Single | ValueType::Double => is_short_decimal(text.as_bytes()),
            ValueType::Below(bound) | ValueType::Class(bound) => {
                text.parse::<u64>().is_ok_and(|index| index < bound && index <= u32::MAX.into())
            }
            ValueType::Text => !text.is_empty(),
            _ => false,
        }
    }

    /// Checks a cell that is not missing.
    ///
    /// # Errors
    /// What was expected instead, what was found, and the declaration that would take it.
    pub fn check(&self, cell: &Cell<'_>) -> Read<()> {
        self.read(cell).map_err(|expected| {
            let advice = advice(cell, &self.format, self.value.content());
            format!("expected {expected}{advice}")
        })
    }

    fn read(&self, cell: &Cell<'_>) -> Read<()> {
        let format = &self.format;
        match self.value {
            ValueType::Single => number::<f32>(cell, format, false).map(drop),
            ValueType::Double => number::<f64>(cell, format, false).map(drop),
            ValueType::WholeDouble(min, max) => whole(cell, format, [min.into(), max.into()])
                .and_then(|_| number::<f64>(cell, format, false).map(drop)),
            // An index beyond what `u32` holds is an id, which gets other advice.
            ValueType::Below(bound) if bound > u32::MAX.into() => {
                whole(cell, format, [0, u32::MAX.into()]).map(drop)
            }
            ValueType::Below(bound) => {
                let last = bound.saturating_sub(1);
                let expected = |_| format!("a category below {bound} (0 to {last})");
                whole(cell, format, [0, last.into()]).map(drop).map_err(expected)
            }
            ValueType::Class(bound) => class(cell, format, bound).map(drop),
            ValueType::Flag => flag(cell, format).map(drop),
            ValueType::Image if matches!(cell, Cell::Bytes(_)) => Ok(()),
            ValueType::Text | ValueType::Image => text(cell, format, false, "a text").map(drop),
            ValueType::Date => date(cell, format).map(drop),
            ValueType::Time => time(cell, format).map(drop),
            ValueType::Instant => instant(cell, format).map(drop),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_plainly_is_valid() {
        let number = FieldRule { value: ValueType::Single, format: CellFormat::DEFAULT };
        for text in ["0", "-1.25", "9999999", ".5", "7.", "0.123456789012"] {
            assert!(number.takes_plainly(text), "{text}");
            assert_eq!(number.check(&Cell::of_text(text)), Ok(()), "{text}");
        }
        for text in ["", "-", ".", "1e5", "16777217", "1.2.3", "--1", "1-", "+1", "nan"] {
            assert!(!number.takes_plainly(text), "{text}");
        }
    }

    #[test]
    fn cells_are_checked_as_they_are_read() {
        let check = |value, text: &'static str| {
            let rule = FieldRule { value, format: CellFormat::DEFAULT };
            rule.check(&Cell::of_text(text))
        };
        for (value, good) in [
            (ValueType::Single, "1e3"),
            (ValueType::Double, "16777217"),
            (ValueType::WholeDouble(i64::MIN, i64::MAX as u64), "-3"),
            (ValueType::Below(3), "2"),
            (ValueType::Flag, "No"),
            (ValueType::Text, "anything"),
            (ValueType::Date, "2024-12-31"),
            (ValueType::Time, "2024-12-31 12:00"),
            (ValueType::Instant, "2024-12-31 12:00Z"),
        ] {
            assert_eq!(check(value, good), Ok(()), "{good}");
        }
        assert_eq!(
            check(ValueType::Below(3), "3"),
            Err("expected a category below 3 (0 to 2)".to_owned())
        );
        assert!(check(ValueType::Single, "16777217")
            .unwrap_err()
            .contains("declare the field `f64`"));
        assert!(check(ValueType::Double, "n/a")
            .unwrap_err()
            .ends_with("`missing(\"n/a\")` takes it as missing"));
    }
}
