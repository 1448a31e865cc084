//! From the user's rows to columns of numbers: raw values go column by column into a [`Table`], and
//! [`preprocess`] makes of them what a model takes. The crate knows nothing of tensors, layers or training.
//!
//! A source of rows is a file in `source/`, which gives [cells](#cells) (`columns/cell.rs`); a step of
//! preprocessing is a file in `preprocess/`, an `impl` of a trait in [`schema::stage`], and a line in
//! `stages.rs`; a new kind of raw value is an `impl` of [`Raw`] and of
//! [`FromCells`](columns::FromCells).
//!
//! # Cells
//!
//! A row may come from a CSV, JSON, Parquet or Arrow file, from SQLite or PostgreSQL, or from any
//! deserializer of serde's: all of them take the same cells. What a cell may hold depends on the field
//! alone, and on nothing that other rows or columns hold.
//!
//! | field | takes |
//! |---|---|
//! | `f32` | a number, also in text: `"4.5"`; blank or NaN where a step `impute`s |
//! | `u32`, `Class<N>` | a whole number, also in text or as `3.0` |
//! | `bool` | a flag, 1 or 0; in text `true`, `yes`, `t` or `1`, `false`, `no`, `f` or `0`, in letters of any size |
//! | `String` | a text, as it stands there: `007` stays `007`; a whole number as its digits, `3.0` as `3`; blank is the empty text for `words` and `tokenizer` |
//! | `NaiveDate` | `2024-12-31`, also with a time of day that is midnight |
//! | `NaiveDateTime` | `2024-12-31T23:59:59` or with a space for the `T`; without seconds, with a fraction of a second, or a date alone |
//! | `DateTime<Utc>` | the same with a zone: `Z`, ` UTC`, `+02:00`, `+0200` or `+02`; a column of times in a zone |
//! | `Image<C>` | the path of a file |
//! | `[T; N]` | a list of `N`, or a column for each element |
//! | `Option<T>` | what `T` takes; blank, and NaN where `T` is a number, is `None` |
//!
//! A cell is blank where nothing or only white space is in it, and where it is `null`. A key that a
//! JSON object leaves out is `None` of an `Option`; a column that a table lacks is an error. White space
//! around a text is no part of it; around that of a category or a label it is not in rows in memory
//! either, while `tokenizer` takes a text in memory as it stands. Columns that no field asks for
//! may hold anything.
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

/// The crate whose dates rows may hold.
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

/// How a loop takes rows: a table at a time, read ahead by another thread.
pub mod reading {
    pub use crate::{
        size::rows_within,
        source::{
            cut, inputs, read_ahead, samples, until_error, NumberedTable, RowFilter, RowQuery,
        },
    };
}
