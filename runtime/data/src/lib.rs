//! Converts the user's rows to columns of numbers: raw values are appended column by column to a
//! [`Table`], and [`preprocess`] transforms them to model inputs. The crate does not depend on
//! tensors, layers or training.
//!
//! To add a source of rows, add a file in `source/` that gives [cells](columns#cells) (`columns/cell.rs`).
//! To add a preprocessing step, add a file in `preprocess/` that implements a trait of
//! [`schema::stage`], and a line in `stages.rs`. To add a raw value type, implement [`Raw`] and
//! [`FromCells`](columns::FromCells).
#![forbid(unsafe_code)]

mod binary;
mod class;
pub mod columns;
pub mod description;
mod distribution;
mod image;
mod labels;
mod newtype;
mod picture;
mod prediction;
pub mod preprocess;
mod raw;
mod real;
mod row_slice;
pub mod schema;
mod size;
mod source;
mod split;
mod table;

/// The crate of the date types of rows.
pub use chrono;

pub use class::{Class, Probabilities};
pub use distribution::{Counts, Normal, Quantiles};
pub use image::{Image, ImageError, ImageLimits};
pub use labels::{LabelProbabilities, Labels};
pub use newtype::Newtype;
#[doc(hidden)]
pub use newtype::{Unwrap, Wrap};
pub(crate) use picture::of_sixteen_bits;
pub use picture::{Picture, Pixels};
pub use prediction::{Prediction, RowReader};
pub use raw::{ColumnWriter, Raw, RowWriter};
pub use real::Real;
pub use row_slice::RowSlice;
#[doc(hidden)] // For the server.
pub use source::json_row;
#[cfg(feature = "arrow")]
pub use source::Arrow;
#[cfg(feature = "parquet")]
pub use source::Parquet;
#[cfg(feature = "postgres")]
pub use source::Postgres;
#[cfg(feature = "sqlite")]
pub use source::Sqlite;
pub use source::{
    from_fn, read_csv, read_csv_from, BadRow, Csv, FromFn, JsonLines, Part, RowsOfFile, Skipped,
    Skipping, Source, WithImages,
};
#[doc(hidden)]
pub use source::{Block, BlockRequest, Blocks, Shard, ShardRows, SkipRefused};
pub use split::Split;
#[doc(hidden)] // For the training loop.
pub use table::SavedRows;
pub use table::{Column, Content, Lengths, Table, Values};

/// Reads the rows of a source table by table, ahead of their use, in a separate thread.
pub mod reading {
    pub use crate::{
        size::rows_within,
        source::{
            cut, cut_to, inputs, read_ahead, samples, until_error, NumberedTable, RowFilter,
            RowQuery, Shard, ShardRows,
        },
    };
}
