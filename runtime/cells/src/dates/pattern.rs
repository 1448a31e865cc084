//! Dates and times by a pattern of `strftime`.

use chrono::{
    format::{Item, StrftimeItems},
    DateTime, NaiveDate, NaiveDateTime, Utc,
};

/// A date by a pattern.
pub(super) fn date(text: &str, pattern: &str) -> Option<NaiveDate> {
    let date = NaiveDate::parse_from_str(text, pattern).ok()?;
    says(text, pattern, || date.format(pattern).to_string()).then_some(date)
}

/// A date with a time of day by a pattern.
pub(super) fn time(text: &str, pattern: &str) -> Option<NaiveDateTime> {
    let time = NaiveDateTime::parse_from_str(text, pattern).ok()?;
    says(text, pattern, || time.format(pattern).to_string()).then_some(time)
}

/// A time with a zone by a pattern.
pub(super) fn instant(text: &str, pattern: &str) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_str(text, pattern).ok()?;
    says(text, pattern, || time.format(pattern).to_string()).then_some(time.to_utc())
}

/// Whether a text surely says what was read of it. Where fields follow each other without a
/// separator, as in `%Y%m%d`, a digit that is lacking would move all others, and `1990125` be the
/// fifth of December: such a text is what the value is written as.
fn says(text: &str, pattern: &str, written: impl FnOnce() -> String) -> bool {
    let items: Vec<Item<'_>> = StrftimeItems::new(pattern).collect();
    let runs_together =
        items.windows(2).any(|pair| matches!(pair, [Item::Numeric(..), Item::Numeric(..)]));
    !runs_together || written().eq_ignore_ascii_case(text)
}
