//! Where rows come from, one after the other, as often as they are asked for.
//!
//! A [`Source`] is all that training on more rows than fit into memory asks for: it can start from
//! the first row again. A user's own is a dozen lines:
//!
//! ```
//! use multi_input::{data::Source, Result};
//!
//! /// The numbers below a bound, as rows.
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

mod ahead;
#[cfg(feature = "arrow")]
mod arrow;
mod blocks;
#[cfg(any(feature = "arrow", feature = "parquet"))]
mod columnar;
mod csv;
mod file;
mod from_fn;
mod json_lines;
mod other_formats;
#[cfg(feature = "parquet")]
mod parquet;
mod part;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "arrow", feature = "parquet", feature = "postgres", feature = "sqlite"))]
mod record;
mod row_filter;
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
    ahead::read_ahead,
    row_filter::RowFilter,
    tables::{cut, inputs, samples, until_error, NumberedTable, RowQuery},
};
pub use self::{
    blocks::{Block, BlockRequest, Blocks},
    csv::{read_csv, read_csv_from, Csv},
    from_fn::{from_fn, FromFn},
    json_lines::JsonLines,
    part::Part,
    skipping::{BadRow, SkipRefused, Skipped, Skipping},
    with_images::WithImages,
};
use multi_input_base::{Result, Seed};

use super::ImageLimits;

/// Rows that can be read again and again, always the same in the same order.
///
/// It is read on a thread of its own while a model trains; hence `Sync`.
pub trait Source: Sync {
    /// What a row is: a `..Sample` to train on, or `..Inputs` to predict from.
    type Row;

    /// Starts with the first row.
    ///
    /// # Errors
    /// Where there is nothing to read. A row that cannot be read is an error in its place; what
    /// comes after it may still be read.
    fn rows(&self) -> Result<impl Iterator<Item = Result<Self::Row>>>;

    /// The same rows by the block, as training takes them. A source that has many rows at hand may hand
    /// them over as tables of columns, which is quicker than one by one.
    ///
    /// # Errors
    /// As [`rows`](Source::rows).
    #[doc(hidden)]
    fn blocks<'a>(&'a self, wanted: &'a BlockRequest) -> Result<Blocks<'a, Self::Row>> {
        Ok(blocks::by_rows(self.rows()?, wanted))
    }

    /// What leaves out the rows that a model refuses, where something does.
    #[doc(hidden)]
    fn skips(&self) -> Option<&dyn SkipRefused> {
        None
    }

    /// All rows at once.
    ///
    /// # Errors
    /// The first of any row.
    fn read_all(&self) -> Result<Vec<Self::Row>> {
        self.rows()?.collect()
    }

    /// What becomes of rows that cannot be read, or that a model refuses: a category out of range, a
    /// value that a step of preprocessing cannot take, a label that no training row had, a target
    /// with which its loss cannot compare. They end the reading, or are left out and counted: see
    /// [`Skipping::skipped`].
    fn on_bad_row(self, bad_row: BadRow) -> Skipping<Self>
    where
        Self: Sized,
    {
        Skipping::new(self, bad_row)
    }

    /// Confines the pictures of rows to a folder: their paths count from `folder`, and a path that is
    /// absolute, has `..` in it, or leads out of the folder by a symbolic link is an error of its row.
    /// For rows from somewhere else, which could name any file. Where it is said several times, the
    /// last one counts.
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

    /// How large the image files of rows, and the pictures in them, may be, where it is not
    /// [`ImageLimits::default`]. Where it is said several times, the last one counts.
    fn image_limits(self, limits: ImageLimits) -> WithImages<Self>
    where
        Self: Sized,
    {
        WithImages::limits(self, limits)
    }

    /// The rows whose share, a random number from 0 to 1 that depends on the seed and the row's
    /// place, lies in `shares`: `part(0.0..0.8, seed)` to train on and `part(0.8..1.0, seed)` to
    /// test with share no row.
    fn part(&self, shares: Range<f64>, seed: Seed) -> Part<&Self>
    where
        Self: Sized,
    {
        Part::new(self, shares, seed)
    }

    /// The same of a source that is handed over, for those who keep it.
    fn into_part(self, shares: Range<f64>, seed: Seed) -> Part<Self>
    where
        Self: Sized,
    {
        Part::new(self, shares, seed)
    }
}

/// Rows in memory, by copies.
impl<R: Clone + Sync> Source for Vec<R> {
    type Row = R;

    fn rows(&self) -> Result<impl Iterator<Item = Result<R>>> {
        Ok(self.iter().cloned().map(Ok))
    }
}

/// Another's rows.
impl<S: Source> Source for &S {
    type Row = S::Row;

    fn rows(&self) -> Result<impl Iterator<Item = Result<S::Row>>> {
        (**self).rows()
    }

    fn blocks<'a>(&'a self, wanted: &'a BlockRequest) -> Result<Blocks<'a, S::Row>> {
        (**self).blocks(wanted)
    }

    fn skips(&self) -> Option<&dyn SkipRefused> {
        (**self).skips()
    }
}
