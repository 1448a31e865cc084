//! Parses dates and times in ISO 8601 and in the formats of pandas, SQLite, PostgreSQL and MySQL.
//!
//! | part | formats |
//! |---|---|
//! | a date | `2024-12-31` |
//! | a time of day after the date | `T13:05` or ` 13:05`, optionally with seconds and a fraction of up to nine digits |
//! | a zone after the time | `Z`, ` UTC`, `+02:00`, `+0200`, `+02` |

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

/// Parses a date; a time of day must be midnight.
pub(super) fn date(text: &str) -> Option<NaiveDate> {
    let midnight = |time: &NaiveDateTime| time.time() == NaiveTime::MIN;
    text.parse().ok().or_else(|| time(text).filter(midnight).map(|time| time.date()))
}

/// Parses a date with an optional time of day, without a zone.
pub(super) fn time(text: &str) -> Option<NaiveDateTime> {
    let Some((date, clock)) = text.split_once(['T', 't', ' ']) else {
        return Some(text.parse::<NaiveDate>().ok()?.and_time(NaiveTime::MIN));
    };
    Some(date.parse::<NaiveDate>().ok()?.and_time(time_of_day(clock)?))
}

/// Parses a date with a time of day and a zone.
pub(super) fn instant(text: &str) -> Option<DateTime<Utc>> {
    let clock = text.find(['T', 't', ' '])?;
    let (zone, seconds) = zone(text, clock)?;
    let local = time(text[..zone].trim_end())?;
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
        for text in
            ["2019-11-01", "2019-11-01 00:00:00", "2019-11-01T00:00:00.000", "2019-11-01 00:00"]
        {
            assert_eq!(date(text), known, "{text}");
        }
        for text in
            ["2019-11-01 13:05:09", "2019-11-01T00:00:00Z", "2019-11-01 00:00:00.5", "1.11.2019"]
        {
            assert_eq!(date(text), None, "{text}");
        }
    }
}
