//! `calendar` in ONNX: dates are whole milliseconds since 1970-01-01, and their parts follow by whole
//! numbers alone. Cycles have few values, which are in tables.

use multi_input_onnx::{DataType, Flow, Graph, Tensor, Value};

use super::on_circle;
use crate::schema::Step;

const MILLISECONDS_OF_MINUTE: i64 = 60_000;
const MINUTES_OF_DAY: i64 = 24 * 60;

/// The days of 400 years, after which the calendar repeats itself.
const DAYS_OF_ERA: i64 = 146_097;

/// The days from 0000-03-01 to 1970-01-01.
const DAYS_BEFORE: i64 = 719_468;

/// The days of a year before each month.
const DAYS_BEFORE_MONTH: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

pub(super) fn write(step: &Step, graph: &mut Graph, flow: Flow) -> Flow {
    let date = Date::of(graph, &flow.value);
    let rank = flow.value.rank();
    let parts = step.arguments.iter().map(|part| date.part(graph, part.word_or(""), rank));
    let parts: Vec<Value> = parts.collect();
    let value = match &parts[..] {
        [part] => part.clone(),
        parts => graph.concat(&parts.iter().collect::<Vec<_>>(), rank),
    };
    flow.with(value)
}

/// The parts of dates as `int64`.
struct Date {
    year: Value,
    /// 1 to 12.
    month: Value,
    /// 1 to 31.
    day: Value,
    /// 1 in a leap year, else 0.
    leap: Value,
    /// Days since 1970-01-01.
    days: Value,
    /// Minutes since midnight.
    minutes: Value,
}

impl Date {
    /// The civil calendar from the number of days (Hinnant, "chrono-compatible low-level date
    /// algorithms"): of years that begin in March a leap day is the last.
    fn of(graph: &mut Graph, milliseconds: &Value) -> Date {
        let minutes = graph.floor_div(milliseconds, MILLISECONDS_OF_MINUTE);
        let days = graph.floor_div(&minutes, MINUTES_OF_DAY);
        let minutes = remainder(graph, &minutes, &days, MINUTES_OF_DAY);
        let since = plus(graph, &days, DAYS_BEFORE);
        let era = graph.floor_div(&since, DAYS_OF_ERA);
        let day = remainder(graph, &since, &era, DAYS_OF_ERA);
        // Of the days in an era, those that are no leap days, in years of 365.
        let [fourth, century, last] =
            [1460, 36_524, 146_096].map(|days| divided(graph, &day, days));
        let ordinary = graph.sub(&day, &fourth);
        let ordinary = graph.add(&ordinary, &century);
        let ordinary = graph.sub(&ordinary, &last);
        let year = divided(graph, &ordinary, 365);
        let [fourth, century] = [4, 100].map(|years| divided(graph, &year, years));
        let before = times(graph, &year, 365);
        let before = graph.add(&before, &fourth);
        let before = graph.sub(&before, &century);
        let day = graph.sub(&day, &before);
        // Months since March: their first days are (153 m + 2) / 5.
        let fifths = times(graph, &day, 5);
        let fifths = plus(graph, &fifths, 2);
        let month = divided(graph, &fifths, 153);
        let first = times(graph, &month, 153);
        let first = plus(graph, &first, 2);
        let first = divided(graph, &first, 5);
        let day = graph.sub(&day, &first);
        let (ten, day) = (graph.int(10), plus(graph, &day, 1));
        let is_before_january = graph.less(&month, &ten);
        let [same, next] = [3, -9].map(|shift| plus(graph, &month, shift));
        let month = graph.choose(&is_before_january, &same, &next);
        let eras = times(graph, &era, 400);
        let year = graph.add(&eras, &year);
        let following = plus(graph, &year, 1);
        let year = graph.choose(&is_before_january, &year, &following);
        let leap = leap(graph, &year);
        Date { year, month, day, leap, days, minutes }
    }

    /// A part of the dates as `float`, with an axis for its numbers.
    fn part(&self, graph: &mut Graph, part: &str, rank: usize) -> Value {
        let whole = match part {
            "month_cycle" => return self.month_cycle(graph),
            "day_cycle" => return self.day_cycle(graph),
            "weekday_cycle" => return self.weekday_cycle(graph),
            "hour_cycle" => return self.hour_cycle(graph),
            "year_cycle" => return self.year_cycle(graph),
            "year" => self.year.clone(),
            "month" => self.month.clone(),
            "day" => self.day.clone(),
            "weekday" => self.weekday(graph),
            "hour" => divided(graph, &self.minutes, 60),
            _ => {
                let hour = divided(graph, &self.minutes, 60);
                remainder(graph, &self.minutes, &hour, 60)
            }
        };
        let number = graph.cast(&whole, DataType::Float);
        graph.unsqueeze(&number, rank)
    }

    /// 0 is Monday; 1970-01-01 was a Thursday.
    fn weekday(&self, graph: &mut Graph) -> Value {
        let days = plus(graph, &self.days, 3);
        let weeks = graph.floor_div(&days, 7);
        remainder(graph, &days, &weeks, 7)
    }

    fn month_cycle(&self, graph: &mut Graph) -> Value {
        let month = plus(graph, &self.month, -1);
        circle(graph, &month, (0..12).map(|month| f64::from(month) / 12.0))
    }

    fn day_cycle(&self, graph: &mut Graph) -> Value {
        // The lengths 28 to 31 by 31 days each.
        let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let lengths = lengths.map(|days| days - 28);
        let lengths = graph.constant(Tensor::ints(&[12], lengths));
        let month = plus(graph, &self.month, -1);
        let length = graph.gather(&lengths, &month, 0);
        let (zero, two) = (graph.int(0), graph.int(2));
        let is_february = graph.equal(&self.month, &two);
        let leap_day = graph.choose(&is_february, &self.leap, &zero);
        let length = graph.add(&length, &leap_day);
        let start = times(graph, &length, 31);
        let day = plus(graph, &self.day, -1);
        let index = graph.add(&start, &day);
        let fractions =
            (28..32).flat_map(|length| (0..31).map(move |day| f64::from(day) / f64::from(length)));
        circle(graph, &index, fractions)
    }

    fn weekday_cycle(&self, graph: &mut Graph) -> Value {
        let weekday = self.weekday(graph);
        circle(graph, &weekday, (0..7).map(|day| f64::from(day) / 7.0))
    }

    fn hour_cycle(&self, graph: &mut Graph) -> Value {
        let fractions = (0..MINUTES_OF_DAY as u32).map(|minute| {
            let hours = f64::from(minute / 60) + f64::from(minute % 60) / 60.0;
            hours / 24.0
        });
        circle(graph, &self.minutes, fractions)
    }

    fn year_cycle(&self, graph: &mut Graph) -> Value {
        let before = graph.constant(Tensor::ints(&[12], DAYS_BEFORE_MONTH));
        let month = plus(graph, &self.month, -1);
        let before = graph.gather(&before, &month, 0);
        let (zero, two) = (graph.int(0), graph.int(2));
        let is_after_february = graph.greater(&self.month, &two);
        let leap_day = graph.choose(&is_after_february, &self.leap, &zero);
        let day = plus(graph, &self.day, -1);
        let day = graph.add(&day, &before);
        let day = graph.add(&day, &leap_day);
        let start = times(graph, &self.leap, 366);
        let index = graph.add(&start, &day);
        let fractions = [365.0, 366.0]
            .into_iter()
            .flat_map(|days| (0..366).map(move |day| f64::from(day) / days));
        circle(graph, &index, fractions)
    }
}

/// 1 for a leap year, else 0.
fn leap(graph: &mut Graph, year: &Value) -> Value {
    let zero = graph.int(0);
    let [by_4, by_100, by_400] = [4, 100, 400].map(|years| {
        let cut = divided(graph, year, years);
        let rest = remainder(graph, year, &cut, years);
        graph.equal(&rest, &zero)
    });
    let is_ordinary = graph.not(&by_100);
    let is_leap = graph.and(&by_4, &is_ordinary);
    let is_leap = graph.or(&is_leap, &by_400);
    graph.cast(&is_leap, DataType::Int64)
}

/// Sine and cosine of the fraction at each index.
fn circle(graph: &mut Graph, index: &Value, fractions: impl Iterator<Item = f64>) -> Value {
    let numbers: Vec<f32> = fractions.flat_map(on_circle).collect();
    let table = graph.constant(Tensor::floats(&[numbers.len() / 2, 2], numbers));
    graph.gather(&table, index, 0)
}

/// `a + b`.
fn plus(graph: &mut Graph, a: &Value, b: i64) -> Value {
    let b = graph.int(b);
    graph.add(a, &b)
}

/// `a * b`.
fn times(graph: &mut Graph, a: &Value, b: i64) -> Value {
    let b = graph.int(b);
    graph.mul(a, &b)
}

/// `a / b`, rounded towards zero.
fn divided(graph: &mut Graph, a: &Value, b: i64) -> Value {
    let b = graph.int(b);
    graph.div(a, &b)
}

/// `a - quotient * b`.
fn remainder(graph: &mut Graph, a: &Value, quotient: &Value, b: i64) -> Value {
    let whole = times(graph, quotient, b);
    graph.sub(a, &whole)
}
