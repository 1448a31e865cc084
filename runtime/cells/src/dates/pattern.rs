//! Dates and times by a pattern of `strftime`.

use std::fmt::{Display, Write};

use chrono::{
    format::{Fixed, Item, Numeric, StrftimeItems},
    DateTime, NaiveDate, NaiveDateTime, Utc,
};

/// A date by a pattern; `None` where the pattern has a time of day, which would be lost.
pub(super) fn date(text: &str, pattern: &str) -> Option<NaiveDate> {
    let date = NaiveDate::parse_from_str(text, pattern).ok()?;
    let says = !has_time(pattern) && says(text, pattern, &date.format(pattern));
    says.then_some(date)
}

/// A date with a time of day by a pattern.
pub(super) fn time(text: &str, pattern: &str) -> Option<NaiveDateTime> {
    let time = NaiveDateTime::parse_from_str(text, pattern).ok()?;
    says(text, pattern, &time.format(pattern)).then_some(time)
}

/// A time with a zone by a pattern.
pub(super) fn instant(text: &str, pattern: &str) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_str(text, pattern).ok()?;
    says(text, pattern, &time.format(pattern)).then_some(time.to_utc())
}

/// Whether a pattern has a part of a time of day.
pub(crate) fn has_time(pattern: &str) -> bool {
    StrftimeItems::new(pattern).any(|item| {
        matches!(
            item,
            Item::Numeric(
                Numeric::Hour
                    | Numeric::Hour12
                    | Numeric::Minute
                    | Numeric::Second
                    | Numeric::Nanosecond
                    | Numeric::Timestamp,
                _
            ) | Item::Fixed(
                Fixed::LowerAmPm
                    | Fixed::UpperAmPm
                    | Fixed::Nanosecond
                    | Fixed::Nanosecond3
                    | Fixed::Nanosecond6
                    | Fixed::Nanosecond9
                    | Fixed::RFC2822
                    | Fixed::RFC3339
            )
        )
    })
}

/// Whether a text surely says what was read of it. Where fields follow each other without a
/// separator, as in `%Y%m%d`, a digit that is lacking would move all others, and `1990125` be the
/// fifth of December: such a text is what the value is written as.
fn says(text: &str, pattern: &str, formatted: &impl Display) -> bool {
    let items: Vec<Item<'_>> = StrftimeItems::new(pattern).collect();
    let runs_together =
        items.windows(2).any(|pair| matches!(pair, [Item::Numeric(..), Item::Numeric(..)]));
    if !runs_together {
        return true;
    }
    let mut written = String::new();
    // A value cannot be written where the pattern has a part that the value lacks.
    write!(written, "{formatted}").is_ok() && written.eq_ignore_ascii_case(text)
}
