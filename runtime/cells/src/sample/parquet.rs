//! The first rows of a Parquet file.

use std::{
    fs::File,
    io,
    panic::{catch_unwind, AssertUnwindSafe},
    path::Path,
    time::Instant,
};

use chrono::{DateTime, NaiveDate, TimeDelta};
use parquet::{
    basic::{LogicalType, TimeUnit},
    errors::ParquetError,
    file::reader::{FileReader, SerializedFileReader},
    record::Field,
    schema::types::Type,
};

use super::{Limits, Reading, Rows, Sample, SampleError};
use crate::Cell;

pub(super) fn sample(path: &Path, limits: &Limits) -> Result<Sample, SampleError> {
    let file = File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => SampleError::Absent,
        _ => SampleError::Unreadable(error),
    })?;
    let damaged = |error: ParquetError| SampleError::Format(error.to_string());
    let reader = SerializedFileReader::new(file).map_err(damaged)?;
    let schema = reader.metadata().file_metadata().schema().clone();
    let columns = schema.get_fields();
    let times: Vec<Times> = columns.iter().map(|column| Times::of(column)).collect();
    let reading = Reading { limits, until: Instant::now() + limits.time, is_cut: false };
    let mut sample = Sample {
        columns: columns.iter().map(|column| column.name().to_owned()).collect(),
        ..Sample::default()
    };
    let mut rows = Vec::new();
    let mut read = reader.get_row_iter(None).map_err(damaged)?;
    // The reader of rows panics at types that it does not know.
    let mut next = || {
        catch_unwind(AssertUnwindSafe(|| read.next())).unwrap_or_else(|_| {
            let message = "a column has a type that is not compared with the model";
            Some(Err(ParquetError::General(message.to_owned())))
        })
    };
    while let Some(row) = next() {
        if reading.has_ended(rows.len()) {
            sample.is_cut = true;
            break;
        }
        let row = row.map_err(damaged)?;
        let cells =
            row.get_column_iter().zip(&times).map(|((_, field), times)| cell(field, *times));
        sample.lines.push(rows.len() as u64);
        rows.push(cells.collect());
    }
    sample.rows = Rows::Typed(rows);
    Ok(sample)
}

/// How a column holds times, which a value does not say.
#[derive(Clone, Copy, Default)]
struct Times {
    /// Whether they are in UTC.
    zoned: bool,
    /// Whether they are whole numbers of nanoseconds.
    nanoseconds: bool,
}

impl Times {
    fn of(column: &Type) -> Times {
        match column.get_basic_info().logical_type_ref() {
            Some(LogicalType::Timestamp(timestamp)) => Times {
                zoned: timestamp.is_adjusted_to_u_t_c,
                nanoseconds: matches!(timestamp.unit, TimeUnit::NANOS),
            },
            _ => Times::default(),
        }
    }
}

fn cell(field: &Field, times: Times) -> Cell<'static> {
    let time = |time: Option<DateTime<chrono::Utc>>| match time {
        Some(time) => {
            let zone = if times.zoned { "Z" } else { "" };
            Cell::Text(format!("{:?}{zone}", time.naive_utc()).into())
        }
        None => Cell::Other("a time beyond the years that can be held".into()),
    };
    match field {
        Field::Null => Cell::Blank,
        Field::Bool(value) => Cell::Bool(*value),
        Field::Byte(value) => Cell::Integer((*value).into()),
        Field::Short(value) => Cell::Integer((*value).into()),
        Field::Int(value) => Cell::Integer((*value).into()),
        Field::Long(value) if times.nanoseconds => {
            time(Some(DateTime::from_timestamp_nanos(*value)))
        }
        Field::Long(value) => Cell::Integer((*value).into()),
        Field::UByte(value) => Cell::Integer((*value).into()),
        Field::UShort(value) => Cell::Integer((*value).into()),
        Field::UInt(value) => Cell::Integer((*value).into()),
        Field::ULong(value) => Cell::Integer((*value).into()),
        Field::Float16(value) => Cell::Float(value.to_f64()),
        Field::Float(value) => Cell::Float((*value).into()),
        Field::Double(value) => Cell::Float(*value),
        Field::Str(text) => Cell::of_string(text.clone()),
        Field::Date(days) => {
            let epoch = NaiveDate::default();
            let date = epoch.checked_add_signed(TimeDelta::days((*days).into()));
            date.map_or(Cell::Other("a date beyond the years that can be held".into()), |date| {
                Cell::Text(date.to_string().into())
            })
        }
        Field::TimestampMillis(value) => time(DateTime::from_timestamp_millis(*value)),
        Field::TimestampMicros(value) => time(DateTime::from_timestamp_micros(*value)),
        Field::Bytes(bytes) => Cell::Bytes(bytes.data().to_vec().into()),
        Field::ListInternal(list) => {
            Cell::List(list.elements().iter().map(|item| cell(item, times)).collect())
        }
        // Decimals and times of day are written as their digits.
        Field::Decimal(_) | Field::TimeMillis(_) | Field::TimeMicros(_) => {
            Cell::of_string(field.to_string())
        }
        Field::Group(_) | Field::MapInternal(_) => {
            Cell::Other("an object with keys of its own".into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_columns_are_cells() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/trips.parquet");
        let all = sample(Path::new(path), &Limits::default()).unwrap();
        assert!(!all.is_cut && all.len() > 2, "{} rows", all.len());
        let few = sample(Path::new(path), &Limits { rows: 2, ..Limits::default() }).unwrap();
        assert_eq!((few.len(), few.is_cut, few.place(1)), (2, true, "row 1".to_owned()));
        assert_eq!(all.columns, ["distance", "stops", "start", "city", "legs", "late", "price"]);
        let known = [
            Cell::Blank,
            Cell::Integer(0),
            Cell::Text("2024-01-01T06:30:00".into()),
            Cell::Text("Bern".into()),
            Cell::List(vec![Cell::Float(0.0), Cell::Float(0.0)]),
            Cell::Bool(true),
            Cell::Float(20.0),
        ];
        for (column, known) in known.into_iter().enumerate() {
            assert_eq!(all.cell(0, column), Some(known));
        }
    }
}
