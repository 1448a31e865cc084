//! What the cells of a data file hold, and the rules by which text becomes numbers, flags and
//! dates.
//!
//! The crate has these rules once: the sources of `multi-input-data` read rows by them, and
//! `#[multi_input_model(data = "...")]` compares a model with a file by them while the user's crate
//! compiles. It does not depend on rows, columns or sources.
//!
//! [`mod@file`] is about whole text files: their compression, encoding, delimiter and header.
//!
//! To add a way to write a value, add a part to [`CellFormat`] and read it in the file of that value:
//! `number.rs`, `flag.rs`, `dates.rs`.
#![forbid(unsafe_code)]

mod advice;
mod cell;
mod columns;
mod dates;
mod decimal;
pub mod file;
mod flag;
mod format;
mod markers;
mod missing_column;
#[cfg(test)]
mod mutations;
mod natural_order;
mod number;
mod precision;
mod rule;
#[cfg(feature = "sample")]
mod sample;
mod text;

#[cfg(feature = "sample")]
pub use self::sample::{sample, Limits, Sample, SampleError, SampleOptions};
pub use self::{
    advice::advice,
    cell::{AsText, Cell},
    columns::{numbered, ColumnNames, FieldColumns, FieldNames, RowNames},
    dates::{date, instant, time},
    decimal::decimal,
    flag::flag,
    format::{CellFormat, Content, DateFormat},
    markers::{is_marker, Markers},
    missing_column::{missing_column, says_missing},
    natural_order::by_name,
    number::{number, numeric, whole, Numeric},
    precision::{
        expected_of_float, expected_of_whole, is_held, of_float, of_whole, Precision, AN_ID,
        LAST_WHOLE,
    },
    rule::{class, FieldRule, ValueType},
    text::{pieces, split, text},
};

/// The value of a cell, or what was expected instead.
pub type Read<T> = Result<T, String>;
