//! Converts the user's rows to columns of numbers: raw values are appended column by column to a
//! [`Table`], and [`preprocess`] transforms them to model inputs. The crate does not depend on
//! tensors, layers or training.
//!
//! To add a source of rows, add a file in `source/` that gives [cells](#cells) (`columns/cell.rs`).
//! To add a preprocessing step, add a file in `preprocess/` that implements a trait of
//! [`schema::stage`], and a line in `stages.rs`. To add a raw value type, implement [`Raw`] and
//! [`FromCells`](columns::FromCells).
//!
//! # Cells
//!
//! All sources (CSV, JSON, Parquet and Arrow files, SQLite, PostgreSQL, and any serde deserializer)
//! share one cell format. Whether a cell is valid depends only on its field, not on other rows or
//! columns.
//!
//! | field | accepted cells |
//! |---|---|
//! | `f32` | a number, also in text: `"4.5"`; blank or NaN where a step `impute`s |
//! | `u32`, `Class<N>` | a whole number, also in text or as `3.0` |
//! | `bool` | a boolean, 1 or 0; in text `true`, `yes`, `t` or `1`, `false`, `no`, `f` or `0`, case-insensitive |
//! | `String` | a text, unchanged: `007` stays `007`; a whole number as its digits, `3.0` as `3`; blank is the empty text for `words` and `tokenizer` |
//! | `NaiveDate` | `2024-12-31`, also with the time of day midnight |
//! | `NaiveDateTime` | `2024-12-31T23:59:59`, with `T` or a space; seconds are optional and may have a fraction; a date alone is midnight |
//! | `DateTime<Utc>` | a time with a zone: `Z`, ` UTC`, `+02:00`, `+0200` or `+02`; a timestamp column with a time zone |
//! | `Image<C>` | the path of a file |
//! | `[T; N]` | a list of `N` elements, or one column per element |
//! | `Option<T>` | a cell of `T`; blank is `None`, and so is NaN where `T` is a number |
//!
//! A cell is blank if it is empty, only white space, or `null`. A key that a JSON object lacks is
//! `None` for an `Option` field; a column that a table lacks is an error. White space around a text
//! is removed when a source reads it. In rows in memory, white space around a category or a label
//! is removed as well, while `tokenizer` takes a text unchanged. Columns that no field uses may
//! hold anything.
#![forbid(unsafe_code)]

mod class;
pub mod columns;
mod image;
mod labels;
mod picture;
mod prediction;
pub mod preprocess;
mod raw;
mod real;
pub mod schema;
mod size;
mod source;
mod split;
mod table;

/// The crate of the date types of rows.
pub use chrono;

pub use class::{Class, Probabilities};
pub use image::{Image, ImageError, ImageLimits};
pub use labels::{LabelProbabilities, Labels};
pub(crate) use picture::of_sixteen_bits;
pub use picture::{Picture, Pixels};
pub use prediction::{Prediction, RowReader};
pub use raw::{ColumnWriter, Raw, RowWriter};
pub(crate) use real::of_float;
#[cfg(any(feature = "parquet", feature = "arrow"))]
pub(crate) use real::of_whole;
pub use real::Real;
#[cfg(feature = "arrow")]
pub use source::Arrow;
#[cfg(feature = "parquet")]
pub use source::Parquet;
#[cfg(feature = "postgres")]
pub use source::Postgres;
#[cfg(feature = "sqlite")]
pub use source::Sqlite;
pub use source::{
    from_fn, read_csv, read_csv_from, BadRow, Csv, FromFn, JsonLines, Part, Skipped, Skipping,
    Source, WithImages,
};
#[doc(hidden)]
pub use source::{Block, BlockRequest, Blocks, SkipRefused};
pub use split::Split;
pub use table::{Column, Content, Table, Values};

/// Reads the rows of a source table by table, ahead of their use, in a separate thread.
pub mod reading {
    pub use crate::{
        size::rows_within,
        source::{
            cut, inputs, read_ahead, samples, until_error, NumberedTable, RowFilter, RowQuery,
        },
    };
}
