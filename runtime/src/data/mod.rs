//! From the user's rows to tensors: raw values are stored column by column in a [`Table`], and
//! batches are gathered from it.
//!
//! # Cells
//!
//! A row may come from a CSV, JSON, Parquet or Arrow file, from SQLite or PostgreSQL, or from any
//! serde deserializer. All sources accept the same cells. The cells a field accepts depend only on
//! the field, not on other rows or columns.
//!
//! | field | cell |
//! |---|---|
//! | `f32` | a number, also as text: `"4.5"`; blank or NaN if a step `impute`s |
//! | `u32`, `Class<N>` | an integer, also as text or as `3.0` |
//! | `bool` | a flag, 1 or 0; as text `true`, `yes`, `t` or `1`, `false`, `no`, `f` or `0`, in any case |
//! | `String` | a text, unchanged: `007` stays `007`; an integer as its digits, `3.0` as `3`; blank is the empty text for `words` and `tokenizer` |
//! | `NaiveDate` | `2024-12-31`, also with the time midnight |
//! | `NaiveDateTime` | `2024-12-31T23:59:59` or with a space instead of the `T`; without seconds, with a fraction of a second, or a date alone |
//! | `DateTime<Utc>` | as `NaiveDateTime`, with a zone: `Z`, ` UTC`, `+02:00`, `+0200` or `+02`; a column of timestamps with a zone |
//! | `Image<C>` | the path of a file |
//! | `[T; N]` | a list of length `N`, or one column per element |
//! | `Option<T>` | a cell for `T`; blank, and NaN if `T` is a number, is `None` |
//!
//! A cell is blank if it is empty, only white space, or `null`. A key missing from a JSON object is
//! `None` for an `Option`; a column missing from a table is an error. White space around a text is
//! removed; around a category or a label it is also removed in rows in memory, while `tokenizer`
//! uses a text in memory unchanged. Columns without a field may hold anything.

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
