//! Flags: booleans.

use crate::{format::Content, is_marker, Cell, CellFormat, Read};

/// The usual spellings, in lower case.
const TRUE: [&str; 5] = ["true", "t", "yes", "y", "on"];
const FALSE: [&str; 5] = ["false", "f", "no", "n", "off"];

/// Reads a flag: a boolean, 1 or 0, or one of the declared texts, by default `true`, `t`, `yes`,
/// `y` or `on` and their opposites, in any case.
///
/// # Errors
/// What was expected instead of the cell.
pub fn flag(cell: &Cell<'_>, format: &CellFormat<'_>) -> Read<bool> {
    let declared = !(format.truthy.is_empty() && format.falsy.is_empty());
    let (truthy, falsy): (&[&str], &[&str]) = match declared {
        true => (format.truthy, format.falsy),
        false => (&TRUE, &FALSE),
    };
    let expected = || match declared {
        false => "true, false, yes, no, 1 or 0".to_owned(),
        true => [truthy, falsy].concat().join(", "),
    };
    if format.is_missing(cell, Content::Flag) {
        return Err(expected());
    }
    // What is declared is compared as text first: `truthy("2")` is about the number 2 as well.
    let text = cell.to_text();
    let is_among = |texts: &[&str]| {
        let is_same = |other: &&str| {
            text.to_lowercase() == other.to_lowercase() || is_marker(&text, &[other])
        };
        texts.iter().any(is_same)
    };
    match (is_among(truthy), is_among(falsy)) {
        (true, false) => return Ok(true),
        (false, true) => return Ok(false),
        _ if declared && matches!(cell, Cell::Text(_) | Cell::Integer(_) | Cell::Float(_)) => {
            // One list alone decides about all other texts.
            let has_others = truthy.is_empty() || falsy.is_empty();
            return if has_others { Ok(truthy.is_empty()) } else { Err(expected()) };
        }
        _ => {}
    }
    match &*cell.value() {
        Cell::Bool(flag) => Ok(*flag),
        number => match number.whole() {
            Some(0) => Ok(false),
            Some(1) => Ok(true),
            _ => Err(expected()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, format: CellFormat<'_>) -> Result<bool, String> {
        flag(&Cell::of_text(text), &format)
    }

    #[test]
    fn the_usual_spellings_are_read_in_any_case() {
        for text in ["true", "TRUE", "True", "T", "yes", "Y", "ON", "1", "1.0"] {
            assert_eq!(of(text, CellFormat::DEFAULT), Ok(true), "{text}");
        }
        for text in ["false", "False", "f", "No", "n", "off", "0", "0.0"] {
            assert_eq!(of(text, CellFormat::DEFAULT), Ok(false), "{text}");
        }
        for text in ["2", "yess", "", "-1", "null", "NaN", "+"] {
            let expected = "true, false, yes, no, 1 or 0".to_owned();
            assert_eq!(of(text, CellFormat::DEFAULT), Err(expected), "{text}");
        }
        assert_eq!(flag(&Cell::Bool(true), &CellFormat::DEFAULT), Ok(true));
        assert_eq!(flag(&Cell::Float(0.0), &CellFormat::DEFAULT), Ok(false));
    }

    #[test]
    fn declared_texts_are_true_and_all_others_false() {
        let format = CellFormat { truthy: &["Y", "on"], ..CellFormat::DEFAULT };
        for (text, known) in [("y", true), ("ON", true), ("n", false), ("true", false)] {
            assert_eq!(of(text, format), Ok(known), "{text}");
        }
        assert!(of("", format).is_err());
        assert_eq!(flag(&Cell::Bool(true), &format), Ok(true), "a boolean stays what it is");
        let both = CellFormat { falsy: &["N"], ..format };
        assert_eq!(of("n", both), Ok(false));
        assert_eq!(of("maybe", both), Err("Y, on, N".to_owned()));
        let falsy = CellFormat { falsy: &["absent"], ..CellFormat::DEFAULT };
        assert_eq!((of("Absent", falsy), of("12", falsy)), (Ok(false), Ok(true)));
        let numbers = CellFormat { truthy: &["2"], falsy: &["1"], ..CellFormat::DEFAULT };
        assert_eq!((of("2", numbers), of("1", numbers)), (Ok(true), Ok(false)));
        assert_eq!(flag(&Cell::Integer(2), &numbers), Ok(true));
        assert_eq!(of("2.0", numbers), Ok(true));
    }
}
