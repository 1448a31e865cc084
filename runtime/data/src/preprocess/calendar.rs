//! `calendar`: dates taken apart.

use std::f64::consts::TAU;

use chrono::{Datelike, NaiveDateTime, Timelike};

use super::stage::{FixedStep, Refusal};
use crate::{schema::Step, Values};

/// A date becomes a number for each part that is named, in this order: `year`, `month` (1 to 12),
/// `day` (1 to 31), `weekday` (0 is Monday), `hour` (0 to 23; 0 where there is no time), `minute`.
///
/// A part that comes round again may be named as a cycle, `month_cycle` (of a year), `day_cycle` (of
/// the month it is in), `weekday_cycle` (of a week), `hour_cycle` (of a day, with the minutes),
/// `year_cycle` (the day of the year): it becomes two numbers, sine and cosine of its share of a
/// turn, so that December and January are neighbours.
///
/// pandas: `dates.dt.month`, `numpy.sin(2 * pi * (dates.dt.month - 1) / 12)` and so on.
#[derive(Clone, Copy, Debug)]
pub struct Calendar;

impl FixedStep for Calendar {
    fn apply(step: &Step, values: Values) -> Result<Values, Refusal> {
        let Values::Dates(dates) = &values else { return Ok(values) };
        let mut numbers = Vec::with_capacity(dates.len() * step.output.elements().get());
        for date in dates {
            for part in step.arguments {
                push(date, part.word_or(""), &mut numbers);
            }
        }
        Ok(Values::Numbers(numbers))
    }
}

/// Appends one part of a date.
fn push(date: &NaiveDateTime, part: &str, numbers: &mut Vec<f32>) {
    let mut cycle = |share: f64| {
        let turn = TAU * share;
        numbers.extend([turn.sin() as f32, turn.cos() as f32]);
    };
    let hours = f64::from(date.hour()) + f64::from(date.minute()) / 60.0;
    let weekday = date.weekday().num_days_from_monday();
    match part {
        "month_cycle" => cycle(f64::from(date.month0()) / 12.0),
        "day_cycle" => cycle(f64::from(date.day0()) / f64::from(date.num_days_in_month())),
        "weekday_cycle" => cycle(f64::from(weekday) / 7.0),
        "hour_cycle" => cycle(hours / 24.0),
        "year_cycle" => {
            let days = if date.date().leap_year() { 366.0 } else { 365.0 };
            cycle(f64::from(date.ordinal0()) / days);
        }
        "year" => numbers.push(date.year() as f32),
        "month" => numbers.push(date.month() as f32),
        "day" => numbers.push(date.day() as f32),
        "weekday" => numbers.push(weekday as f32),
        "hour" => numbers.push(date.hour() as f32),
        "minute" => numbers.push(date.minute() as f32),
        // The spec lists no other.
        _ => numbers.push(f32::NAN),
    }
}
