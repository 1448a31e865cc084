//! Numbers.

use std::borrow::Cow;

use crate::{
    expected_of_float, expected_of_whole, format::Content, of_float, of_whole, Cell, CellFormat,
    Precision, Read, AN_ID,
};

/// A cell as a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Numeric {
    /// A missing number.
    Missing,
    /// A whole number.
    Whole(i128),
    /// Any other number.
    Real(f64),
    /// No number.
    Other,
}

/// The number of a cell.
pub fn numeric(cell: &Cell<'_>, format: &CellFormat<'_>) -> Numeric {
    match cell {
        // The numbers of most sources, without a look at what else a cell may be.
        Cell::Integer(number) if format.missing.is_empty() => return Numeric::Whole(*number),
        Cell::Float(number) if format.missing.is_empty() && !number.is_nan() => {
            return Numeric::Real(*number);
        }
        _ if format.is_missing(cell, Content::Number) => return Numeric::Missing,
        _ => {}
    }
    let plain = match cell {
        Cell::Text(text) => match in_plain_form(text.trim(), format) {
            Some(plain) => plain,
            None => return Numeric::Other,
        },
        Cell::Integer(number) => return Numeric::Whole(*number),
        Cell::Float(number) => return Numeric::Real(*number),
        _ => return Numeric::Other,
    };
    match Cell::of_value(&plain) {
        Cell::Integer(number) => Numeric::Whole(number),
        Cell::Float(number) if number.is_nan() => Numeric::Other,
        Cell::Float(number) => Numeric::Real(number),
        _ => Numeric::Other,
    }
}

/// Reads a number: a whole number exactly, any other number rounded. A missing number is NaN where
/// `takes_missing` allows it.
///
/// # Errors
/// What was expected instead of the cell.
pub fn number<T: Precision>(
    cell: &Cell<'_>,
    format: &CellFormat<'_>,
    takes_missing: bool,
) -> Read<T> {
    match numeric(cell, format) {
        Numeric::Missing if takes_missing => Ok(T::nan()),
        Numeric::Whole(number) => of_whole(number).ok_or_else(|| expected_of_whole::<T>(number)),
        Numeric::Real(number) => of_float(number).ok_or_else(|| expected_of_float::<T>(number)),
        Numeric::Missing | Numeric::Other => Err(described(format)),
    }
}

/// Reads a whole number in `min..=max`; 3.0 is whole.
///
/// # Errors
/// What was expected instead of the cell.
pub fn whole(cell: &Cell<'_>, format: &CellFormat<'_>, [min, max]: [i128; 2]) -> Read<i128> {
    let found = match numeric(cell, format) {
        Numeric::Whole(number) => Some(number),
        Numeric::Real(number) => Cell::Float(number).whole(),
        Numeric::Missing | Numeric::Other => None,
    };
    found.filter(|number| (min..=max).contains(number)).ok_or_else(|| {
        let advice = if found.is_some() { format!(" ({AN_ID})") } else { String::new() };
        format!("a whole number from {min} to {max}{advice}")
    })
}

/// A number as the format declares it.
fn described(format: &CellFormat<'_>) -> String {
    let mut text = "a number".to_owned();
    let mut separator = " with ";
    let mut add = |part: String| {
        text.push_str(separator);
        text.push_str(&part);
        separator = " and ";
    };
    if format.percent {
        add("`%` at its end".to_owned());
    }
    if format.decimal != '.' {
        add(format!("`{}` before its decimals", format.decimal));
    }
    if let Some(thousands) = format.thousands {
        add(format!("`{thousands}` between groups of three digits, or none"));
    }
    text
}

/// A text number as `f64::from_str` takes it; `None` where it does not have the declared form.
fn in_plain_form<'a>(text: &'a str, format: &CellFormat<'_>) -> Option<Cow<'a, str>> {
    if format.has_plain_numbers() {
        return Some(Cow::Borrowed(text));
    }
    let (sign, mut digits) = split_sign(text);
    let mut sign = sign;
    if format.percent {
        digits = digits.strip_suffix('%')?.trim_end();
    }
    if let Some(currency) = format.currency {
        let before = digits.strip_prefix(currency).map(str::trim_start);
        let after = || digits.strip_suffix(currency).map(str::trim_end);
        if let Some(rest) = before.or_else(after) {
            // The sign may stand on either side of the currency.
            let (inner, rest) = split_sign(rest);
            if !inner.is_empty() && !sign.is_empty() {
                return None;
            }
            sign = if sign.is_empty() { inner } else { sign };
            digits = rest;
        }
    }
    let (whole, fraction) = match digits.split_once(format.decimal) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let mut plain = String::with_capacity(text.len() + 4);
    plain.push_str(sign);
    push_groups(whole, format.thousands, &mut plain)?;
    if let Some(fraction) = fraction {
        let is_fraction = |byte: u8| byte.is_ascii_digit() || b"eE+-".contains(&byte);
        if !fraction.bytes().all(is_fraction) {
            return None;
        }
        plain.push('.');
        plain.push_str(fraction);
    }
    if format.percent {
        if plain.contains(['e', 'E']) {
            return None;
        }
        // So that 12.3% is the number nearest to 0.123, which a division by 100 need not give.
        plain.push_str("e-2");
    }
    Some(Cow::Owned(plain))
}

/// A minus or plus before a number, and the rest. U+2212 is a minus as well.
fn split_sign(text: &str) -> (&'static str, &str) {
    for (sign, plain) in [("-", "-"), ("\u{2212}", "-"), ("+", "+")] {
        if let Some(rest) = text.strip_prefix(sign) {
            return (plain, rest.trim_start());
        }
    }
    ("", text)
}

/// Appends the digits before the decimals, without the separators of groups; `None` where a group
/// has another number of digits than three. All digits may also be written without separators.
fn push_groups(whole: &str, thousands: Option<char>, to: &mut String) -> Option<()> {
    let is_separator = |letter: char| match thousands {
        Some(thousands) if thousands.is_whitespace() => letter.is_whitespace(),
        Some(thousands) => letter == thousands,
        None => false,
    };
    let mut groups = whole.split(is_separator);
    let first = groups.next()?;
    let is_grouped = first.len() < whole.len();
    let has_valid_first = !is_grouped || (1..=3).contains(&first.len());
    let is_group = |group: &str| group.len() == 3 && group.bytes().all(|b| b.is_ascii_digit());
    // Without separators an exponent may follow: `1e5`.
    let is_number = |byte: u8| byte.is_ascii_digit() || !is_grouped && b"eE+-".contains(&byte);
    if !has_valid_first || !first.bytes().all(is_number) {
        return None;
    }
    to.push_str(first);
    for group in groups {
        if !is_group(group) {
            return None;
        }
        to.push_str(group);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, format: CellFormat<'_>) -> Numeric {
        numeric(&Cell::of_text(text), &format)
    }

    const GERMAN: CellFormat<'static> =
        CellFormat { decimal: ',', thousands: Some('.'), ..CellFormat::DEFAULT };

    #[test]
    fn a_decimal_comma_and_groups_are_read_where_they_are_declared() {
        for (text, number) in [
            ("1.234,5", 1234.5),
            ("-1.234.567,25", -1_234_567.25),
            ("0,125", 0.125),
            ("1234,5", 1234.5),
            ("+7,5", 7.5),
            ("\u{2212}7,5", -7.5),
            ("1,5e3", 1500.0),
            (",5", 0.5),
        ] {
            assert_eq!(of(text, GERMAN), Numeric::Real(number), "{text}");
        }
        assert_eq!(of("1.234", GERMAN), Numeric::Whole(1234));
        for text in ["1.5", "1.23,4", "1234.567", "1,2,3", "1..234", ".123", "1.234.5", "a", ","] {
            assert_eq!(of(text, GERMAN), Numeric::Other, "{text}");
        }
        assert_eq!(of("1,234", CellFormat::DEFAULT), Numeric::Other);
        let spaces = CellFormat { thousands: Some(' '), ..CellFormat::DEFAULT };
        for space in [" ", "\u{a0}", "\u{202f}"] {
            let text = format!("12{space}345{space}678.5");
            assert_eq!(of(&text, spaces), Numeric::Real(12_345_678.5));
        }
    }

    #[test]
    fn percent_and_currency_are_read_where_they_are_declared() {
        let percent = CellFormat { percent: true, ..CellFormat::DEFAULT };
        assert_eq!(of("12.3%", percent), Numeric::Real(0.123));
        assert_eq!(of("-5 %", percent), Numeric::Real(-0.05));
        assert_eq!(of("100%", percent), Numeric::Real(1.0));
        assert_eq!(of("12.3", percent), Numeric::Other, "not known whether it is a share");
        assert_eq!(of("12.3%", CellFormat::DEFAULT), Numeric::Other);
        let euro = CellFormat { currency: Some("\u{20ac}"), ..GERMAN };
        for text in ["1.250,50 \u{20ac}", "\u{20ac}1.250,50", "\u{20ac} 1.250,50", "1250,50"] {
            assert_eq!(of(text, euro), Numeric::Real(1250.5), "{text}");
        }
        let dollar = CellFormat { currency: Some("$"), ..CellFormat::DEFAULT };
        assert_eq!(of("-$5", dollar), Numeric::Whole(-5));
        assert_eq!(of("$-5", dollar), Numeric::Whole(-5));
        assert_eq!(of("-$-5", dollar), Numeric::Other);
        assert_eq!(of("$$5", dollar), Numeric::Other);
        assert_eq!(of("$", dollar), Numeric::Other);
        assert_eq!(of("\u{20ac}5", dollar), Numeric::Other);
    }

    #[test]
    fn numbers_of_the_source_are_taken_unchanged() {
        let percent = CellFormat { percent: true, ..CellFormat::DEFAULT };
        assert_eq!(numeric(&Cell::Float(0.5), &percent), Numeric::Real(0.5));
        assert_eq!(numeric(&Cell::Integer(5), &percent), Numeric::Whole(5));
        assert_eq!(numeric(&Cell::Bool(true), &percent), Numeric::Other);
    }

    #[test]
    fn what_is_expected_is_described_in_the_declared_form() {
        let message = |format| number::<f32>(&Cell::of_text("x"), &format, true).unwrap_err();
        assert_eq!(message(CellFormat::DEFAULT), "a number");
        assert_eq!(
            message(GERMAN),
            "a number with `,` before its decimals and `.` between groups of three digits, or none"
        );
        let percent = CellFormat { percent: true, ..CellFormat::DEFAULT };
        assert_eq!(message(percent), "a number with `%` at its end");
    }

    #[test]
    fn whole_numbers_are_exact_or_refused() {
        let read = |text| whole(&Cell::of_text(text), &CellFormat::DEFAULT, [0, 255]);
        assert_eq!(read("255"), Ok(255));
        assert_eq!(read("3.0"), Ok(3));
        assert_eq!(read("3.5"), Err("a whole number from 0 to 255".to_owned()));
        assert!(read("256").unwrap_err().ends_with(&format!("255 ({AN_ID})")));
    }
}
