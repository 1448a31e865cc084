//! From the user's rows to tensors: raw values go column by column into a [`Table`], and batches
//! are gathered from it.

mod batch;
mod class;
pub mod columns;
mod decode;
mod image;
mod image_files;
mod labels;
mod picture;
mod prediction;
mod raw;
mod real;
mod size;
mod source;
mod split;
mod table;

/// The crate whose dates rows may hold.
pub use chrono;

pub use batch::Batch;
pub use class::{Class, Probabilities};
pub use image::{Image, ImageError};
pub use image_files::ImageLimits;
pub use labels::{LabelProbabilities, Labels};
pub(crate) use picture::of_sixteen_bits;
pub use picture::{Picture, Pixels};
pub use prediction::{Prediction, RowReader};
pub use raw::{ColumnWriter, Raw, RowWriter};
#[cfg(any(feature = "parquet", feature = "arrow"))]
pub(crate) use real::of_whole;
pub(crate) use real::{of_float, Real};
pub(crate) use size::rows_within;
#[cfg(feature = "arrow")]
pub use source::Arrow;
#[cfg(feature = "parquet")]
pub use source::Parquet;
#[cfg(feature = "postgres")]
pub use source::Postgres;
#[cfg(feature = "sqlite")]
pub use source::Sqlite;
pub(crate) use source::{cut, inputs, read_ahead, samples, until_error, Ask, Piece, Screen};
pub use source::{
    from_fn, read_csv, read_csv_from, BadRow, Csv, FromFn, JsonLines, Part, Skipped, Skipping,
    Source, WithImages,
};
#[doc(hidden)]
pub use source::{Block, Blocks, SkipRefused, Wanted};
pub use split::Split;
pub use table::{Column, Content, Table, Values};
