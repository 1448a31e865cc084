//! From the user's rows to tensors: raw values are stored column by column in a [`Table`], and
//! batches are gathered from it.
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

mod batch;

pub use batch::Batch;
#[cfg(feature = "arrow")]
pub use multi_input_data::Arrow;
#[cfg(feature = "parquet")]
pub use multi_input_data::Parquet;
#[cfg(feature = "postgres")]
pub use multi_input_data::Postgres;
#[cfg(feature = "sqlite")]
pub use multi_input_data::Sqlite;
pub use multi_input_data::{
    chrono, columns, from_fn, read_csv, read_csv_from, BadRow, Class, Column, ColumnWriter,
    Content, Csv, FromFn, Image, ImageError, ImageLimits, JsonLines, LabelProbabilities, Labels,
    Part, Picture, Pixels, Prediction, Probabilities, Raw, RowReader, RowWriter, Skipped, Skipping,
    Source, Split, Table, Values, WithImages,
};
#[doc(hidden)]
pub use multi_input_data::{Block, BlockRequest, Blocks, SkipRefused};
