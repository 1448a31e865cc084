//! From the user's rows to tensors: raw values are stored column by column in a [`Table`], and
//! batches are gathered from it.
//!
//! All sources accept the same [cells](columns#cells).

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
    Content, Counts, Csv, FromFn, Image, ImageError, ImageLimits, JsonLines, LabelProbabilities,
    Labels, Normal, Part, Picture, Pixels, Prediction, Probabilities, Quantiles, Raw, RowReader,
    RowSlice, RowWriter, RowsOfFile, Skipped, Skipping, Source, Split, Table, Values, WithImages,
};
#[doc(hidden)]
pub use multi_input_data::{Block, BlockRequest, Blocks, SkipRefused};
