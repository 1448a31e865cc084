//! `calendar`: splits dates into parts.

use super::{Form, Step};
use crate::{ArgumentKind, Doc, Kind, Onnx, Parameter, Shape, Size, Text, Value};

/// The row of the table.
pub const STEP: Step = Step {
    name: "calendar",
    type_name: "Calendar",
    doc: Doc {
        computes: "`year`, `month`, `day`, `weekday`, `hour`, `minute` as numbers; `month_cycle`, `day_cycle`, `weekday_cycle`, `hour_cycle`, `year_cycle` as sine and cosine; a `NaiveDate` has no `hour`, `minute` or `hour_cycle`; `format = \"%d/%m/%Y\"` says how dates are written in files that are not in ISO 8601, `unit = seconds` or `unit = milliseconds` that they are numbers since 1970",
        shape: "a date to one number for each part, two for each cycle",
        keras: "pandas `dt`",
        torch: "",
        also: &["dt", "date_parts", "datetime"],
        onnx: Onnx::since(16, &["Div", "Mul", "Sub", "Add", "Where", "Gather", "Cast", "Concat", "And", "Equal", "Greater", "Less", "Not", "Or", "Unsqueeze"]),
    },
    parameters: &[
        Parameter::required("parts", ArgumentKind::Words(PARTS)),
    ],
    output,
    form: Form { reads_dates: true, ..Form::FIXED },
};

/// The parts of a date.
pub const PARTS: &[&str] = &[
    "year",
    "month",
    "day",
    "weekday",
    "hour",
    "minute",
    "month_cycle",
    "day_cycle",
    "weekday_cycle",
    "hour_cycle",
    "year_cycle",
];

/// The parts that a date without a time does not have.
pub const PARTS_OF_TIME: &[&str] = &["hour", "minute", "hour_cycle"];

/// A date to one number per part, two per cycle.
pub const fn output(input: &Shape, parts: &[Value]) -> Result<Shape, Text> {
    if !matches!(input.kind, Kind::Dates) {
        return Err(Text::new(
            "`calendar` takes a date, `NaiveDate` or `NaiveDateTime`, but this is ",
        )
        .shape(input));
    }
    let (mut numbers, mut i) = (0, 0);
    while i < parts.len() {
        numbers += width(&parts[i]);
        i += 1;
    }
    Ok(Shape::numbers(&[Size::Known(numbers)]))
}

/// The number of elements of a part.
const fn width(part: &Value) -> usize {
    let name = part.word_or("").as_bytes();
    match name {
        [.., b'_', b'c', b'y', b'c', b'l', b'e'] => 2,
        _ => 1,
    }
}
