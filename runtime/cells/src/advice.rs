//! What to declare for cells in other forms.

use crate::{format::Content, numeric, Cell, CellFormat, DateFormat, Numeric};

/// Texts that usually stand for a missing value, in lower case.
const USUAL_MARKERS: [&str; 15] = [
    "na",
    "n/a",
    "#n/a",
    "<na>",
    "?",
    "-",
    "--",
    ".",
    "none",
    "nil",
    "missing",
    "unknown",
    "empty",
    "not available",
    "nan",
];

/// The declaration under which a field would take the cell, to follow an error about it: `; ...`.
/// Empty where none is known.
pub fn advice(cell: &Cell<'_>, format: &CellFormat<'_>, content: Content) -> String {
    let text = match cell {
        Cell::Text(text) => text.as_ref(),
        Cell::Integer(number) if content == Content::Date => &*number.to_string(),
        _ => return String::new(),
    };
    if content != Content::Text && USUAL_MARKERS.contains(&text.to_lowercase().as_str()) {
        return format!("; `missing({text:?})` takes it as missing");
    }
    match content {
        Content::Number => of_number(text, format),
        Content::Date => of_date(text, format),
        Content::Flag if text.parse::<f64>().is_ok() => String::new(),
        Content::Flag => format!("; `truthy({text:?})` says which texts are true"),
        Content::Text => String::new(),
    }
}

/// The single declaration that makes a number of the text.
fn of_number(text: &str, format: &CellFormat<'_>) -> String {
    let is_number = |format: &CellFormat<'_>| {
        matches!(numeric(&Cell::of_text(text), format), Numeric::Whole(_) | Numeric::Real(_))
    };
    if is_number(format) {
        return String::new();
    }
    let sign: String = text.chars().filter(|letter| is_currency(*letter)).collect();
    let comma = CellFormat { decimal: ',', ..*format };
    let grouped = CellFormat { thousands: Some(','), ..*format };
    let both = CellFormat { thousands: Some('.'), ..comma };
    let percent = CellFormat { percent: true, ..*format };
    let currency = CellFormat { currency: Some(&sign), ..grouped };
    // What has a comma before three digits may be either: both are said.
    match () {
        () if is_number(&comma) && is_number(&grouped) => {
            "; `decimal = \",\"` or `thousands = \",\"` says what the comma is".to_owned()
        }
        () if is_number(&comma) => "; `decimal = \",\"` reads it".to_owned(),
        () if is_number(&grouped) => "; `thousands = \",\"` reads it".to_owned(),
        () if is_number(&both) => "; `decimal = \",\", thousands = \".\"` reads it".to_owned(),
        () if is_number(&percent) => "; `percent` reads it".to_owned(),
        () if !sign.is_empty() && is_number(&currency) => {
            format!("; `currency = {sign:?}` reads it")
        }
        () => String::new(),
    }
}

/// The signs of the most frequent currencies.
fn is_currency(letter: char) -> bool {
    matches!(letter, '$' | '\u{a2}'..='\u{a5}' | '\u{20a0}'..='\u{20c0}')
}

/// The pattern of a date in another order. Of day and month only the file's owner knows which is
/// first.
fn of_date(text: &str, format: &CellFormat<'_>) -> String {
    if format.date != DateFormat::Iso {
        return String::new();
    }
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if is_digits && text.len() == 8 {
        return "; `calendar(.., format = \"%Y%m%d\")` says how it is written".to_owned();
    }
    if is_digits && text.len() > 8 {
        let unit = if text.len() > 11 { "milliseconds" } else { "seconds" };
        return format!("; `calendar(.., unit = {unit})` reads {unit} since 1970");
    }
    let digits = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let first = text.split_whitespace().next().unwrap_or_default();
    for separator in ['/', '.', '-'] {
        let parts: Vec<&str> = first.split(separator).collect();
        if parts.len() == 3 && parts.iter().all(digits) {
            let [d, m, y] = ["%d", "%m", if parts[2].len() > 2 { "%Y" } else { "%y" }];
            let s = separator;
            return match parts[0].len() {
                // This is the ISO form, so something else is wrong.
                4 if separator == '-' => String::new(),
                4 => format!("; `calendar(.., format = \"%Y{s}{m}{s}{d}\")` says how it is written"),
                _ => format!(
                    "; `calendar(.., format = \"{d}{s}{m}{s}{y}\")`, or `{m}{s}{d}{s}{y}`, says how \
                     it is written"
                ),
            };
        }
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, content: Content) -> String {
        advice(&Cell::of_text(text), &CellFormat::DEFAULT, content)
    }

    #[test]
    fn the_declaration_that_reads_a_cell_is_said() {
        for (text, content, known) in [
            ("NA", Content::Number, "; `missing(\"NA\")` takes it as missing"),
            ("?", Content::Date, "; `missing(\"?\")` takes it as missing"),
            ("1,5", Content::Number, "; `decimal = \",\"` reads it"),
            (
                "1,234",
                Content::Number,
                "; `decimal = \",\"` or `thousands = \",\"` says what the comma is",
            ),
            ("1,234.5", Content::Number, "; `thousands = \",\"` reads it"),
            ("1.234,5", Content::Number, "; `decimal = \",\", thousands = \".\"` reads it"),
            ("12%", Content::Number, "; `percent` reads it"),
            ("$1,200", Content::Number, "; `currency = \"$\"` reads it"),
            ("old", Content::Number, ""),
            ("x", Content::Flag, "; `truthy(\"x\")` says which texts are true"),
            (
                "2024/12/31",
                Content::Date,
                "; `calendar(.., format = \"%Y/%m/%d\")` says how it is written",
            ),
            (
                "1572566400",
                Content::Date,
                "; `calendar(.., unit = seconds)` reads seconds since 1970",
            ),
            (
                "1572566400000",
                Content::Date,
                "; `calendar(.., unit = milliseconds)` reads milliseconds since 1970",
            ),
            (
                "20191101",
                Content::Date,
                "; `calendar(.., format = \"%Y%m%d\")` says how it is written",
            ),
            ("2019-13-01", Content::Date, ""),
            ("today", Content::Date, ""),
            ("NA", Content::Text, ""),
        ] {
            assert_eq!(of(text, content), known, "{text}");
        }
        assert!(of("01/11/2019", Content::Date).contains("\"%d/%m/%Y\")`, or `%m/%d/%Y`"));
        assert!(of("1.11.19 12:00", Content::Date).contains("%d.%m.%y"));
    }
}
