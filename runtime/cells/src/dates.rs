//! Dates and times: in ISO 8601 in the forms of pandas, SQLite, PostgreSQL and MySQL, or as a
//! [`DateFormat`] declares them.
//!
//! | part of the ISO form | forms |
//! |---|---|
//! | a date | `2024-12-31` |
//! | a time of day after the date | `T13:05` or ` 13:05`, optionally with seconds and a fraction of up to nine digits |
//! | a zone after the time | `Z`, ` UTC`, `+02:00`, `+0200`, `+02` |

mod pattern;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use crate::{format::Content, number, Cell, CellFormat, DateFormat, Read};

/// Reads a date. A time of day must be midnight; its zone is left aside.
///
/// # Errors
/// What was expected instead of the cell.
pub fn date(cell: &Cell<'_>, format: &CellFormat<'_>) -> Read<NaiveDate> {
    const EXPECTED: &str = "a date such as 2024-12-31";
    const OTHER: &str = "a time of day goes into `NaiveDateTime`, or `DateTime<Utc>` with its zone";
    let midnight = |time: NaiveDateTime| (time.time() == NaiveTime::MIN).then_some(time.date());
    let iso = |text: &str| iso_date(text);
    let by_pattern = |text: &str, pattern: &str| match pattern::time(text, pattern) {
        Some(time) => midnight(time),
        None => pattern::date(text, pattern),
    };
    let of_epoch = |time: DateTime<Utc>| midnight(time.naive_utc());
    read(cell, format, [EXPECTED, OTHER], (iso, by_pattern, of_epoch))
}

/// Reads a time without a zone; a date alone is midnight.
///
/// # Errors
/// What was expected instead of the cell.
pub fn time(cell: &Cell<'_>, format: &CellFormat<'_>) -> Read<NaiveDateTime> {
    const EXPECTED: &str = "a time such as 2024-12-31T23:59:59";
    const OTHER: &str = "a time with a zone goes into `DateTime<Utc>`";
    let by_pattern = |text: &str, pattern: &str| {
        let day = || Some(pattern::date(text, pattern)?.and_time(NaiveTime::MIN));
        pattern::time(text, pattern).or_else(day)
    };
    read(cell, format, [EXPECTED, OTHER], (iso_time, by_pattern, |time| Some(time.naive_utc())))
}

/// Reads a time with a zone.
///
/// # Errors
/// What was expected instead of the cell.
pub fn instant(cell: &Cell<'_>, format: &CellFormat<'_>) -> Read<DateTime<Utc>> {
    const EXPECTED: &str = "a time with its zone, such as 2024-12-31T23:59:59Z";
    const OTHER: &str = "a time without a zone goes into `NaiveDateTime`";
    read(cell, format, [EXPECTED, OTHER], (iso_instant, pattern::instant, Some))
}

/// Reads a date or time: by the ISO form, by a pattern, or from the time since 1970.
fn read<T>(
    cell: &Cell<'_>,
    format: &CellFormat<'_>,
    [expected, other]: [&str; 2],
    (iso, by_pattern, of_epoch): (
        impl Fn(&str) -> Option<T>,
        impl Fn(&str, &str) -> Option<T>,
        impl Fn(DateTime<Utc>) -> Option<T>,
    ),
) -> Read<T> {
    let text = match cell {
        Cell::Text(text) if !format.is_missing(cell, Content::Date) => Some(text.trim()),
        _ => None,
    };
    match format.date {
        DateFormat::Iso => {
            let is_other = |text| iso_time(text).is_some() || iso_instant(text).is_some();
            text.and_then(&iso).ok_or_else(|| match text.is_some_and(is_other) {
                true => format!("{expected} ({other})"),
                false => expected.to_owned(),
            })
        }
        DateFormat::Pattern(pattern) => {
            let expected = || format!("a date in the format `{pattern}`");
            // Digits without separators, such as `20241231`, are numbers in many sources.
            let digits = cell.whole().map(|number| number.to_string());
            let text = text.or(digits.as_deref());
            text.and_then(|text| by_pattern(text, pattern)).ok_or_else(expected)
        }
        DateFormat::Seconds => since_1970(cell, format, 1_000_000)
            .and_then(of_epoch)
            .ok_or_else(|| "seconds since 1970".to_owned()),
        DateFormat::Milliseconds => since_1970(cell, format, 1000)
            .and_then(of_epoch)
            .ok_or_else(|| "milliseconds since 1970".to_owned()),
    }
}

/// The time of a number of units, each of `microseconds`, since 1970.
fn since_1970(
    cell: &Cell<'_>,
    format: &CellFormat<'_>,
    microseconds: i64,
) -> Option<DateTime<Utc>> {
    let plain = CellFormat { missing: format.missing, ..CellFormat::DEFAULT };
    let units = number::<f64>(cell, &plain, false).ok()?;
    let micros = (units * microseconds as f64).round();
    // The years that chrono represents are fewer than those of `i64` microseconds.
    let is_held = micros.abs() < i64::MAX as f64;
    is_held.then_some(micros as i64).and_then(DateTime::from_timestamp_micros)
}

fn iso_date(text: &str) -> Option<NaiveDate> {
    if let Some(date) = plain_date(text) {
        return Some(date);
    }
    let midnight = |time: &NaiveDateTime| time.time() == NaiveTime::MIN;
    let local = || match text.find(['T', 't', ' ']).and_then(|clock| zone(text, clock)) {
        Some((zone, _)) => iso_time(text[..zone].trim_end()),
        None => iso_time(text),
    };
    text.parse().ok().or_else(|| local().filter(midnight).map(|time| time.date()))
}

/// A date of ten characters, which is the form of almost all: `2024-12-31`.
fn plain_date(text: &str) -> Option<NaiveDate> {
    let bytes: &[u8; 10] = text.as_bytes().try_into().ok()?;
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = *bytes else { return None };
    let digits = [y0, y1, y2, y3, m0, m1, d0, d1];
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let [y0, y1, y2, y3, m0, m1, d0, d1] = digits.map(|digit| u32::from(digit - b'0'));
    let year = i32::try_from(1000 * y0 + 100 * y1 + 10 * y2 + y3).ok()?;
    NaiveDate::from_ymd_opt(year, 10 * m0 + m1, 10 * d0 + d1)
}

fn iso_time(text: &str) -> Option<NaiveDateTime> {
    let Some((date, clock)) = text.split_once(['T', 't', ' ']) else {
        return Some(text.parse::<NaiveDate>().ok()?.and_time(NaiveTime::MIN));
    };
    Some(date.parse::<NaiveDate>().ok()?.and_time(time_of_day(clock)?))
}

fn iso_instant(text: &str) -> Option<DateTime<Utc>> {
    let clock = text.find(['T', 't', ' '])?;
    let (zone, seconds) = zone(text, clock)?;
    let local = iso_time(text[..zone].trim_end())?;
    Some(local.checked_sub_signed(TimeDelta::seconds(seconds))?.and_utc())
}

fn time_of_day(text: &str) -> Option<NaiveTime> {
    let with_seconds = NaiveTime::parse_from_str(text, "%H:%M:%S%.f").ok();
    with_seconds.or_else(|| NaiveTime::parse_from_str(text, "%H:%M").ok())
}

/// The start of the zone after byte `clock`, and its offset from UTC in seconds.
fn zone(text: &str, clock: usize) -> Option<(usize, i64)> {
    for utc in ["Z", "z", "UTC"] {
        if let Some(local) = text.strip_suffix(utc) {
            return (local.len() > clock).then_some((local.len(), 0));
        }
    }
    let start = text.rfind(['+', '-']).filter(|start| *start > clock)?;
    let sign = if text[start..].starts_with('-') { -1 } else { 1 };
    Some((start, sign * offset(&text[start + 1..])?))
}

/// Parses an offset of the form `02`, `0200`, `02:00` or `02:00:00` to seconds.
fn offset(text: &str) -> Option<i64> {
    let digits: String = text.split(':').collect();
    let has_two_digit_parts = !text.contains(':') || text.split(':').all(|part| part.len() == 2);
    let has_valid_length = has_two_digit_parts && matches!(digits.len(), 2 | 4 | 6);
    if !has_valid_length || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize| digits.get(from..from + 2).map_or(Some(0), |part| part.parse().ok());
    let [hours, minutes, seconds]: [i64; 3] = [part(0)?, part(2)?, part(4)?];
    (hours < 24 && minutes < 60 && seconds < 60).then_some(hours * 3600 + minutes * 60 + seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Option<NaiveDate> {
        super::date(&Cell::of_text(text), &CellFormat::DEFAULT).ok()
    }

    fn time(text: &str) -> Option<NaiveDateTime> {
        super::time(&Cell::of_text(text), &CellFormat::DEFAULT).ok()
    }

    fn instant(text: &str) -> Option<DateTime<Utc>> {
        super::instant(&Cell::of_text(text), &CellFormat::DEFAULT).ok()
    }

    #[test]
    fn every_form_of_a_time_is_the_same_time() {
        let known = NaiveDate::from_ymd_opt(2019, 11, 1).unwrap().and_hms_opt(13, 5, 9).unwrap();
        for text in ["2019-11-01 13:05:09", "2019-11-01T13:05:09", "2019-11-01t13:05:09.000000000"]
        {
            assert_eq!(time(text), Some(known), "{text}");
        }
        let quarter = known + TimeDelta::milliseconds(250);
        for text in ["2019-11-01 13:05:09.25", "2019-11-01T13:05:09.250000"] {
            assert_eq!(time(text), Some(quarter), "{text}");
        }
        assert_eq!(time("2019-11-01 13:05"), Some(known - TimeDelta::seconds(9)));
        assert_eq!(time("2019-11-01"), Some(known.date().and_time(NaiveTime::MIN)));
        for text in [
            "2019-11-01 13:05:09Z",
            "13:05",
            "2019-13-01",
            "2019-11-01 25:00",
            "20191101",
            "2019-11-01T",
            "01/11/2019",
            "NaT",
            "2019-11-01 13:05:09+00",
            "",
        ] {
            assert_eq!(time(text), None, "{text}");
        }
    }

    #[test]
    fn every_form_of_a_zone_is_the_same_instant() {
        let known: DateTime<Utc> = "2019-11-01T13:05:09Z".parse().unwrap();
        for text in [
            "2019-11-01T13:05:09Z",
            "2019-11-01 13:05:09Z",
            "2019-11-01 13:05:09 UTC",
            "2019-11-01 13:05:09+00:00",
            "2019-11-01 13:05:09+00",
            "2019-11-01T15:05:09+02:00",
            "2019-11-01T15:05:09.000+0200",
            "2019-11-01 08:35:09-04:30",
            "2019-11-02 00:05:09+11",
            "2019-11-01 13:58:37+00:53:28",
            "2019-11-01T13:05:09.000000Z",
        ] {
            assert_eq!(instant(text), Some(known), "{text}");
        }
        for text in [
            "2019-11-01 13:05:09",
            "2019-11-01",
            "2019-11-01Z",
            "2019-11-01+02:00",
            "2019-11-01 13:05:09+2",
            "2019-11-01 13:05:09+02:0",
            "2019-11-01 13:05:09+99:00",
            "2019-11-01 13:05:09 CET",
            "2019-11-01 13:05:09+0:200",
            "Z",
            "",
        ] {
            assert_eq!(instant(text), None, "{text}");
        }
    }

    #[test]
    fn a_date_takes_midnight_and_no_other_time() {
        let known = NaiveDate::from_ymd_opt(2019, 11, 1);
        for text in [
            "2019-11-01",
            "2019-11-01 00:00:00",
            "2019-11-01T00:00:00.000",
            "2019-11-01 00:00",
            "2019-11-01T00:00:00Z",
            "2019-11-01 00:00:00+02:00",
        ] {
            assert_eq!(date(text), known, "{text}");
        }
        for text in
            ["2019-11-01 13:05:09", "2019-11-01T01:00:00Z", "2019-11-01 00:00:00.5", "1.11.2019"]
        {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn declared_forms_are_read_and_no_others() {
        let by = |pattern: &'static str| CellFormat {
            date: DateFormat::Pattern(pattern),
            ..CellFormat::DEFAULT
        };
        let known = NaiveDate::from_ymd_opt(2019, 11, 1);
        let date = |text: &str, pattern| super::date(&Cell::of_text(text), &by(pattern)).ok();
        for (text, pattern) in [
            ("01/11/2019", "%d/%m/%Y"),
            ("1/11/2019", "%d/%m/%Y"),
            ("11/1/2019", "%m/%d/%Y"),
            ("1.11.19", "%d.%m.%y"),
            ("1 Nov 2019", "%d %b %Y"),
            ("20191101", "%Y%m%d"),
            ("01/11/2019 00:00", "%d/%m/%Y %H:%M"),
        ] {
            assert_eq!(date(text, pattern), known, "{text}");
        }
        assert_eq!(super::date(&Cell::Integer(20_191_101), &by("%Y%m%d")).ok(), known);
        for text in ["2019-11-01", "13/13/2019", "01/11/2019 12:00", ""] {
            assert_eq!(date(text, "%d/%m/%Y"), None, "{text}");
        }
        assert_eq!(date("01/11/2019 12:00", "%d/%m/%Y %H:%M"), None, "not midnight");
        let noon = known.unwrap().and_hms_opt(12, 0, 0).unwrap();
        let time = |text: &str, pattern| super::time(&Cell::of_text(text), &by(pattern)).ok();
        assert_eq!(time("01/11/2019 12:00", "%d/%m/%Y %H:%M"), Some(noon));
        assert_eq!(time("11/01/2019 12:00:00 PM", "%m/%d/%Y %I:%M:%S %p"), Some(noon));
        assert_eq!(time("01/11/2019", "%d/%m/%Y"), known.map(|day| day.and_time(NaiveTime::MIN)));
        let instant = |text: &str, pattern| super::instant(&Cell::of_text(text), &by(pattern)).ok();
        assert_eq!(instant("01/11/2019 14:00 +0200", "%d/%m/%Y %H:%M %z"), Some(noon.and_utc()));
        assert_eq!(instant("01/11/2019 14:00", "%d/%m/%Y %H:%M"), None);
        let error = super::date(&Cell::of_text("x"), &by("%d/%m/%Y")).unwrap_err();
        assert_eq!(error, "a date in the format `%d/%m/%Y`");
    }

    #[test]
    fn a_time_of_day_is_never_lost() {
        for (pattern, text) in [
            ("%Y%m%d%H", "2019110114"),
            ("%Y%m%d %H:%M", "20240101 9:05"),
            ("%Y%m%d %I:%M", "20240101 09:05"),
            ("%m/%d/%Y %I:%M", "11/01/2019 02:30"),
            ("%d/%m/%Y %H", "01/11/2019 14"),
            ("%Y%m%d %H:%M %Z", "20240101 09:05 CET"),
        ] {
            let format = CellFormat { date: DateFormat::Pattern(pattern), ..CellFormat::DEFAULT };
            let cell = Cell::of_text(text);
            let known =
                NaiveDate::from_ymd_opt(2024, 1, 1).and_then(|day| day.and_hms_opt(9, 5, 0));
            // A complete time is read, an incomplete one is none.
            let read = super::time(&cell, &format).ok();
            assert!(read.is_none() || read == known, "{pattern}: {read:?}");
            assert!(super::date(&cell, &format).is_err(), "{pattern}");
            assert!(super::instant(&cell, &format).is_err(), "{pattern}");
        }
    }

    #[test]
    fn times_since_1970_are_read_in_the_declared_unit() {
        let unit = |date| CellFormat { date, ..CellFormat::DEFAULT };
        let known: DateTime<Utc> = "2019-11-01T00:00:00Z".parse().unwrap();
        let seconds = unit(DateFormat::Seconds);
        for cell in
            [Cell::of_text("1572566400"), Cell::Integer(1_572_566_400), Cell::Float(1.5725664e9)]
        {
            assert_eq!(super::instant(&cell, &seconds), Ok(known));
            assert_eq!(super::time(&cell, &seconds), Ok(known.naive_utc()));
            assert_eq!(super::date(&cell, &seconds), Ok(known.date_naive()));
        }
        let millis = unit(DateFormat::Milliseconds);
        let cell = Cell::of_text("1572566400250");
        assert_eq!(super::instant(&cell, &millis), Ok(known + TimeDelta::milliseconds(250)));
        assert!(super::date(&cell, &millis).is_err(), "not midnight");
        for text in ["", "2019-11-01", "1e300", "NaN", "-1e30"] {
            let read = super::time(&Cell::of_text(text), &seconds);
            assert_eq!(read, Err("seconds since 1970".to_owned()), "{text}");
        }
    }
}
