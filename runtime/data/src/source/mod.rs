//! Sources of rows that can be read repeatedly.
//!
//! A [`Source`] streams rows that need not fit into memory. It must be able to start again from the
//! first row. A custom source takes a dozen lines:
//!
//! ```
//! use multi_input::{data::Source, Result};
//!
//! /// Rows that count up to a bound.
//! struct Numbers(u32);
//!
//! impl Source for Numbers {
//!     type Row = u32;
//!
//!     fn rows(&self) -> Result<impl Iterator<Item = Result<u32>>> {
//!         Ok((0..self.0).map(Ok))
//!     }
//! }
//!
//! assert_eq!(Numbers(3).read_all()?, [0, 1, 2]);
//! # Ok::<(), multi_input::Error>(())
//! ```

#[cfg(feature = "arrow")]
mod arrow;
mod blocks;
#[cfg(any(feature = "arrow", feature = "parquet"))]
mod columnar;
mod csv;
mod file;
mod files;
mod from_fn;
mod json_lines;
pub mod json_row;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod key;
#[cfg(feature = "parquet")]
mod parquet;
mod part;
mod pieces;
#[cfg(feature = "postgres")]
mod postgres;
mod read_ahead;
#[cfg(any(feature = "arrow", feature = "parquet", feature = "postgres", feature = "sqlite"))]
mod record;
mod row_filter;
mod shard;
#[cfg(test)]
mod shard_tests;
mod skipping;
#[cfg(feature = "sqlite")]
mod sqlite;
mod tables;
mod with_images;
mod wording;

use std::{ops::Range, path::Path};

#[cfg(feature = "arrow")]
pub use self::arrow::Arrow;
#[cfg(feature = "parquet")]
pub use self::parquet::Parquet;
#[cfg(feature = "postgres")]
pub use self::postgres::Postgres;
#[cfg(feature = "sqlite")]
pub use self::sqlite::Sqlite;
pub use self::{
    blocks::{Block, BlockRequest, Blocks},
    csv::{read_csv, read_csv_from, Csv, RowsOfFile},
    from_fn::{from_fn, FromFn},
    json_lines::JsonLines,
    part::Part,
    shard::{Shard, ShardRows},
    skipping::{BadRow, SkipRefused, Skipped, Skipping},
    with_images::WithImages,
};
pub use self::{
    read_ahead::read_ahead,
    row_filter::RowFilter,
    tables::{cut, cut_to, inputs, samples, until_error, NumberedTable, RowQuery},
};
use multi_input_base::{Result, Seed};

use super::ImageLimits;

/// A source of rows. Every pass gives the same rows in the same order.
///
/// `Sync` is required because a separate thread reads the source during training.
///
/// # Several ranks
///
/// Where several ranks of a cluster train a model, each of them reads a part of the source: consecutive
/// rows, about as many as every other rank. Rows in memory, and files and tables that can be read from
/// the middle, are divided without reading the rows of others; each source says how. Of a source of
/// your own, each rank reads the rows from the first one on up to the end of its part, after one pass
/// that counts them before the training starts. Messages name a row by its index in the whole source.
pub trait Source: Sync {
    /// The row type: a `..Sample` to train on, or `..Inputs` to predict from.
    type Row;

    /// Starts a pass from the first row.
    ///
    /// # Errors
    /// If the source cannot be opened. A row that cannot be read is an error item; later rows may
    /// still be readable.
    fn rows(&self) -> Result<impl Iterator<Item = Result<Self::Row>>>;

    /// The rows in blocks, as training reads them. A columnar source gives tables of columns, which
    /// is faster than single rows.
    ///
    /// # Errors
    /// As [`rows`](Source::rows).
    #[doc(hidden)]
    fn blocks<'a>(&'a self, request: &'a BlockRequest) -> Result<Blocks<'a, Self::Row>> {
        shard::by_number(request, || Ok(blocks::by_rows(self.rows()?, request)))
    }

    /// Number of rows in the request's shard, at the first [level](Source::levels) of which the request
    /// does not know the rows. Rows are decoded only where they cannot be counted otherwise.
    ///
    /// # Errors
    /// As [`rows`](Source::rows).
    #[doc(hidden)]
    fn count_rows(&self, request: &BlockRequest) -> Result<usize> {
        shard::count_by_number(request, || Ok(blocks::by_rows(self.rows()?, request)))
    }

    /// Number of times that the rows are numbered: once by the innermost source, and once by every
    /// source around it that may leave rows out.
    #[doc(hidden)]
    fn levels(&self) -> usize {
        1
    }

    /// The counter of rows that a model refuses, where such rows are skipped.
    #[doc(hidden)]
    fn skips(&self) -> Option<&dyn SkipRefused> {
        None
    }

    /// Reads all rows into memory.
    ///
    /// # Errors
    /// The first error of a row.
    fn read_all(&self) -> Result<Vec<Self::Row>> {
        self.rows()?.collect()
    }

    /// Sets how to handle invalid rows: rows that cannot be read, and rows that a model refuses
    /// because of a category out of range, a value that a preprocessing step cannot transform, a
    /// label without a training row, or a target that the loss cannot use. Invalid rows end the
    /// pass with an error, or are skipped and counted: see [`Skipping::skipped`].
    fn on_bad_row(self, bad_row: BadRow) -> Skipping<Self>
    where
        Self: Sized,
    {
        Skipping::new(self, bad_row)
    }

    /// Restricts image paths to a folder: paths are relative to `folder`, and an absolute path, a
    /// path with `..`, or a symbolic link out of the folder is an error of its row. Use it for rows
    /// from untrusted sources, which could otherwise name any file. Of several calls, the last one
    /// applies.
    ///
    /// ```no_run
    /// use multi_input::{data::{Csv, ImageLimits, Source}, Image};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Row {
    ///     photo: Image<3>,
    /// }
    ///
    /// let rows = Csv::<Row>::new("uploads/rows.csv")
    ///     .images_within("uploads")
    ///     .image_limits(ImageLimits::default().pixels(20_000_000).bytes(10_000_000));
    /// for row in rows.rows()? {
    ///     println!("{:?}", row?.photo);
    /// }
    /// # Ok::<(), multi_input::Error>(())
    /// ```
    fn images_within(self, folder: impl AsRef<Path>) -> WithImages<Self>
    where
        Self: Sized,
    {
        WithImages::within(self, folder.as_ref())
    }

    /// Sets the maximum size of image files and of the decoded images; the default is
    /// [`ImageLimits::default`]. Of several calls, the last one applies.
    fn image_limits(self, limits: ImageLimits) -> WithImages<Self>
    where
        Self: Sized,
    {
        WithImages::limits(self, limits)
    }

    /// A random subset of the rows: each row gets a uniform random number in [0, 1) that depends on
    /// the seed and the row's index, and is included if `range` contains that number.
    /// `part(0.0..0.8, seed)` and `part(0.8..1.0, seed)` are disjoint training and test sets.
    fn part(&self, range: Range<f64>, seed: Seed) -> Part<&Self>
    where
        Self: Sized,
    {
        Part::new(self, range, seed)
    }

    /// As [`part`](Source::part), with the source passed by value.
    fn into_part(self, range: Range<f64>, seed: Seed) -> Part<Self>
    where
        Self: Sized,
    {
        Part::new(self, range, seed)
    }
}

/// Rows in memory, which are cloned.
impl<R: Clone + Sync> Source for Vec<R> {
    type Row = R;

    fn rows(&self) -> Result<impl Iterator<Item = Result<R>>> {
        Ok(self.iter().cloned().map(Ok))
    }

    fn blocks<'a>(&'a self, request: &'a BlockRequest) -> Result<Blocks<'a, R>> {
        let rows = &self[request.shard().range(self.len())];
        Ok(blocks::by_rows(rows.iter().cloned().map(Ok), request))
    }

    fn count_rows(&self, request: &BlockRequest) -> Result<usize> {
        Ok(request.shard().range(self.len()).len())
    }
}

/// A borrowed source.
impl<S: Source> Source for &S {
    type Row = S::Row;

    fn rows(&self) -> Result<impl Iterator<Item = Result<S::Row>>> {
        (**self).rows()
    }

    fn blocks<'a>(&'a self, request: &'a BlockRequest) -> Result<Blocks<'a, S::Row>> {
        (**self).blocks(request)
    }

    fn count_rows(&self, request: &BlockRequest) -> Result<usize> {
        (**self).count_rows(request)
    }

    fn levels(&self) -> usize {
        (**self).levels()
    }

    fn skips(&self) -> Option<&dyn SkipRefused> {
        (**self).skips()
    }
}
