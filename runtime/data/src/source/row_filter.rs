//! Filters the rows of a source that a model refuses.

use std::cell::RefCell;

use multi_input_base::{Error, Result};

use super::{NumberedTable, SkipRefused, Source};
use crate::Table;

/// Decides which rows a model accepts, and skips the others or reports their error.
pub struct RowFilter<'a> {
    check: Check<'a>,
    /// The counter of skipped rows; `None` where a refused row is an error.
    skips: Option<&'a dyn SkipRefused>,
    /// Errors of the refused rows of the current chunk, in the order of the checks.
    refused: RefCell<Vec<Error>>,
}

/// A check that returns the error of the first row of a table that the model refuses.
type Check<'a> = Box<dyn Fn(&Table) -> Result<()> + Send + Sync + 'a>;

impl<'a> RowFilter<'a> {
    /// A filter for the rows of a source. `check` runs only where refused rows are skipped;
    /// otherwise training reports its errors.
    pub fn of<S: Source>(
        source: &'a S,
        check: impl Fn(&Table) -> Result<()> + Send + Sync + 'a,
    ) -> RowFilter<'a> {
        RowFilter::by(source.skips(), check)
    }

    /// A filter whose caller counts the skipped rows.
    pub fn by(
        skips: Option<&'a dyn SkipRefused>,
        check: impl Fn(&Table) -> Result<()> + Send + Sync + 'a,
    ) -> RowFilter<'a> {
        RowFilter { check: Box::new(check), skips, refused: RefCell::default() }
    }

    /// Records the error of a row that is skipped.
    ///
    /// # Errors
    /// Returns `error` itself where the row is not skipped.
    pub(super) fn refuse(&self, error: Error) -> Result<()> {
        match (self.skips, &error) {
            (Some(_), Error::Value { .. }) => {
                self.refused.borrow_mut().push(error);
                Ok(())
            }
            _ => Err(error),
        }
    }

    /// The rows of a chunk that both `range` and the model accept. The refused rows, including
    /// those recorded before, are counted.
    ///
    /// # Errors
    /// The error of the first refused row that is not skipped.
    pub(super) fn accepted(
        &self,
        chunk: NumberedTable,
        range: impl Fn(&Table) -> Result<()>,
    ) -> Result<NumberedTable> {
        let chunk = chunk.accepted_by(range, |error| self.refuse(error))?;
        let Some(skips) = self.skips else { return Ok(chunk) };
        let chunk = chunk.accepted_by(&*self.check, |error| self.refuse(error))?;
        let mut refused = self.refused.take();
        refused.sort_by_key(row_of);
        refused.iter().for_each(|error| skips.skip(error));
        Ok(chunk)
    }
}

fn row_of(error: &Error) -> Option<usize> {
    match error {
        Error::Value { row, .. } => Some(*row),
        _ => None,
    }
}
