//! From the user's rows to tensors: raw values go column by column into a [`Table`], and batches
//! are gathered from it.

mod batch;
mod class;
pub mod columns;
mod csv;
mod decode;
mod folder;
mod labels;
mod picture;
mod prediction;
mod raw;
mod split;
mod table;

/// The crate whose dates rows may hold.
pub use chrono;

pub use batch::Batch;
pub use class::{Class, Probabilities};
pub use csv::{read_csv, read_csv_from};
pub use labels::{LabelProbabilities, Labels};
pub use picture::{Image, ImageError, Picture};
pub use prediction::{Prediction, RowReader};
pub use raw::{ColumnWriter, Raw, RowWriter};
pub use split::Split;
pub use table::{Column, Content, Table, Values};
