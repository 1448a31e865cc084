//! Rows from iterators.

use multi_input_base::Result;

use super::Source;

/// A source that calls `start` for each pass and gives the rows of the returned iterator.
///
/// ```
/// use multi_input::data::{from_fn, Source};
///
/// let source = from_fn(|| (0..4).map(|x| x * x));
/// assert_eq!(source.read_all()?, [0, 1, 4, 9]);
/// # Ok::<(), multi_input::Error>(())
/// ```
pub fn from_fn<F: Fn() -> I + Sync, I: IntoIterator>(start: F) -> FromFn<F> {
    FromFn(start)
}

/// See [`from_fn`].
#[derive(Clone, Copy, Debug)]
pub struct FromFn<F>(F);

impl<F: Fn() -> I + Sync, I: IntoIterator> Source for FromFn<F> {
    type Row = I::Item;

    fn rows(&self) -> Result<impl Iterator<Item = Result<I::Item>>> {
        Ok((self.0)().into_iter().map(Ok))
    }
}
