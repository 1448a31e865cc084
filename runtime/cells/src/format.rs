//! How the cells of a field are written, as far as its annotation declares it.

use crate::{is_marker, Cell};

/// How the cells of a field are written. Nothing of it is guessed: without a declaration numbers,
/// flags and dates have the forms in the [table of cells](crate) alone.
///
/// The parts about numbers concern text cells. A number that the source holds as a number, such as
/// one in a Parquet file, is taken unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellFormat<'a> {
    /// Texts that denote a missing value, besides blank cells. One that is a number denotes every
    /// equal number: `-200` also `-200.0`. pandas: `na_values`.
    pub missing: &'a [&'a str],
    /// The character before the decimals. pandas: `decimal`.
    pub decimal: char,
    /// The character between groups of three digits. A space is any kind of space. pandas:
    /// `thousands`.
    pub thousands: Option<char>,
    /// Whether numbers end with `%`: `12.5%` is 0.125.
    pub percent: bool,
    /// A sign that may stand before or after a number.
    pub currency: Option<&'a str>,
    /// How dates are written.
    pub date: DateFormat<'a>,
    /// Texts that are true, in any case; empty for the usual ones. pandas: `true_values`.
    pub truthy: &'a [&'a str],
    /// Texts that are false, in any case. Where it is empty and `truthy` is not, every other text is
    /// false. pandas: `false_values`.
    pub falsy: &'a [&'a str],
    /// What separates the elements of a list in one cell.
    pub split: Option<&'a str>,
    /// Whether texts are the bytes of image files in base64, not paths.
    pub base64: bool,
}

/// How dates and times are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateFormat<'a> {
    /// ISO 8601 in the forms that pandas, SQLite and PostgreSQL write.
    Iso,
    /// A pattern of `strftime`, such as `%d/%m/%Y`. pandas: `format`.
    Pattern(&'a str),
    /// Seconds since 1970-01-01 00:00 UTC. pandas: `unit="s"`.
    Seconds,
    /// Milliseconds since 1970-01-01 00:00 UTC. pandas: `unit="ms"`.
    Milliseconds,
}

/// What a cell is to be read as, where that decides whether it is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// A number.
    Number,
    /// A flag.
    Flag,
    /// A date or a time.
    Date,
    /// A text, of which any is valid.
    Text,
}

impl CellFormat<'_> {
    /// The format of a field that declares nothing.
    pub const DEFAULT: CellFormat<'static> = CellFormat {
        missing: &[],
        decimal: '.',
        thousands: None,
        percent: false,
        currency: None,
        date: DateFormat::Iso,
        truthy: &[],
        falsy: &[],
        split: None,
        base64: false,
    };

    /// Whether nothing is declared.
    pub fn is_default(&self) -> bool {
        *self == CellFormat::DEFAULT
    }

    /// Whether a cell denotes a missing value: it is blank, NaN or a declared marker. The texts
    /// `nan` and `null` (and `nat` for dates), in any case, are missing where no text is valid.
    pub fn is_missing(&self, cell: &Cell<'_>, content: Content) -> bool {
        let is_word = |text: &str, word: &str| text.eq_ignore_ascii_case(word);
        match cell {
            Cell::Blank => true,
            Cell::Float(number) if number.is_nan() => true,
            Cell::Float(_) | Cell::Integer(_) if !self.missing.is_empty() => {
                is_marker(&cell.to_text(), self.missing)
            }
            // `999.000` is not 999 where points separate thousands.
            Cell::Text(text) if !self.has_plain_numbers() && self.missing.contains(&&**text) => {
                true
            }
            Cell::Text(text) if self.has_plain_numbers() && is_marker(text, self.missing) => true,
            Cell::Text(text) => match content {
                Content::Text => false,
                Content::Date if is_word(text, "nat") => true,
                _ => is_word(text, "nan") || is_word(text, "null"),
            },
            _ => false,
        }
    }

    /// Whether text numbers are written in the plain form.
    pub(crate) fn has_plain_numbers(&self) -> bool {
        self.decimal == '.' && self.thousands.is_none() && !self.percent && self.currency.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_compared_in_the_form_of_the_field() {
        let format = CellFormat {
            missing: &["999", "-1"],
            decimal: ',',
            thousands: Some('.'),
            ..CellFormat::DEFAULT
        };
        let is_missing = |text| format.is_missing(&Cell::of_text(text), Content::Number);
        assert!(is_missing("999") && is_missing("-1"));
        assert!(!is_missing("999.000") && !is_missing("-1.000"));
    }

    #[test]
    fn what_is_missing_depends_on_what_is_read() {
        let format = CellFormat { missing: &["?", "-200"], ..CellFormat::DEFAULT };
        let missing = |cell: Cell<'_>, content| format.is_missing(&cell, content);
        for content in [Content::Number, Content::Flag, Content::Date, Content::Text] {
            assert!(missing(Cell::Blank, content));
            assert!(missing(Cell::Float(f64::NAN), content));
            assert!(missing(Cell::Text("?".into()), content));
            assert!(missing(Cell::Integer(-200), content));
            assert!(missing(Cell::Float(-200.0), content));
            assert!(missing(Cell::Text("-200.0".into()), content));
            assert!(!missing(Cell::Integer(200), content));
            assert!(!missing(Cell::Text("NA".into()), content));
            let is_no_text = content != Content::Text;
            for word in ["NaN", "nan", "null", "NULL"] {
                assert_eq!(missing(Cell::Text(word.into()), content), is_no_text, "{word}");
            }
            let is_date = content == Content::Date;
            assert_eq!(missing(Cell::Text("NaT".into()), content), is_date);
        }
    }
}
