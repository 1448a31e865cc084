//! From the user's rows to tensors: raw values go column by column into a [`Table`], and batches
//! are gathered from it.
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
