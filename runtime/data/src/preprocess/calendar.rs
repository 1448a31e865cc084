//! `calendar`: parts of a date as numbers.

#[cfg(feature = "onnx")]
mod onnx;

use std::f64::consts::TAU;

use chrono::{Datelike, NaiveDateTime, Timelike};

use super::stage::{FixedStep, Refusal};
use crate::{schema::Step, Values};

/// One number per named part of a date, in the order of the arguments: `year`, `month` (1 to 12),
/// `day` (1 to 31), `weekday` (0 is Monday), `hour` (0 to 23; 0 for a date without a time),
/// `minute`.
///
/// The cyclic encodings `month_cycle` (within the year), `day_cycle` (within its month),
/// `weekday_cycle` (within the week), `hour_cycle` (within the day, including minutes) and
/// `year_cycle` (day of the year) give two numbers, the sine and cosine of 2 pi times the elapsed
/// fraction of the period, so that December and January are close.
///
/// pandas: `dates.dt.month`, `numpy.sin(2 * pi * (dates.dt.month - 1) / 12)` and so on.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "dt")]
#[doc(alias = "date_parts")]
#[doc(alias = "datetime")]
pub struct Calendar;

impl FixedStep for Calendar {
    fn apply(&self, step: &Step, values: Values) -> Result<Values, Refusal> {
        let Values::Dates(dates) = &values else { return Ok(values) };
        let mut numbers = Vec::with_capacity(dates.len() * step.output.elements().get());
        for date in dates {
            for part in step.arguments {
                push(date, part.word_or(""), &mut numbers);
            }
        }
        Ok(Values::Numbers(numbers))
    }

    #[cfg(feature = "onnx")]
    fn to_onnx(
        &self,
        step: &Step,
        graph: &mut multi_input_onnx::Graph,
        flow: multi_input_onnx::Flow,
    ) -> Result<multi_input_onnx::Flow, multi_input_onnx::Refusal> {
        Ok(onnx::write(step, graph, flow))
    }
}

/// Sine and cosine of the angle after a fraction of a turn.
fn on_circle(fraction: f64) -> [f32; 2] {
    let angle = TAU * fraction;
    [angle.sin() as f32, angle.cos() as f32]
}

/// Appends one part of a date.
fn push(date: &NaiveDateTime, part: &str, numbers: &mut Vec<f32>) {
    let mut cycle = |fraction: f64| numbers.extend(on_circle(fraction));
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
        // The spec has no other part.
        _ => numbers.push(f32::NAN),
    }
}
