//! What a model makes of the rows of a source before it takes them.

use std::cell::RefCell;

use multi_input_base::{Error, Result};

use super::{NumberedTable, SkipRefused, Source};
use crate::Table;

/// Which rows a model takes, and what becomes of the others.
pub struct RowFilter<'a> {
    check: Check<'a>,
    /// Where rows that are refused are left out and counted; else the first of them is an error.
    skips: Option<&'a dyn SkipRefused>,
    /// What was wrong with the rows of the piece under way, in the order of the checks.
    refused: RefCell<Vec<Error>>,
}

/// Says which row of a table is the first that the model refuses.
type Check<'a> = Box<dyn Fn(&Table) -> Result<()> + Send + Sync + 'a>;

impl<'a> RowFilter<'a> {
    /// For the rows of a source. What `check` refuses may be said later as well; so it is asked only
    /// where such rows are left out.
    pub fn of<S: Source>(
        source: &'a S,
        check: impl Fn(&Table) -> Result<()> + Send + Sync + 'a,
    ) -> RowFilter<'a> {
        RowFilter::by(source.skips(), check)
    }

    /// The same where something else counts the rows.
    pub fn by(
        skips: Option<&'a dyn SkipRefused>,
        check: impl Fn(&Table) -> Result<()> + Send + Sync + 'a,
    ) -> RowFilter<'a> {
        RowFilter { check: Box::new(check), skips, refused: RefCell::default() }
    }

    /// Whether a row is left out for an error.
    ///
    /// # Errors
    /// This one, where it is not.
    pub(super) fn refuse(&self, error: Error) -> Result<()> {
        match (self.skips, &error) {
            (Some(_), Error::Value { .. }) => {
                self.refused.borrow_mut().push(error);
                Ok(())
            }
            _ => Err(error),
        }
    }

    /// The rows of a piece that `range` and the model accept; the others are counted, and so are those
    /// that were refused before.
    ///
    /// # Errors
    /// For the first row that is refused and not left out.
    pub(super) fn accepted(
        &self,
        piece: NumberedTable,
        range: impl Fn(&Table) -> Result<()>,
    ) -> Result<NumberedTable> {
        let piece = piece.accepted_by(range, |error| self.refuse(error))?;
        let Some(skips) = self.skips else { return Ok(piece) };
        let piece = piece.accepted_by(&*self.check, |error| self.refuse(error))?;
        let mut refused = self.refused.take();
        refused.sort_by_key(row_of);
        refused.iter().for_each(|error| skips.skip(error));
        Ok(piece)
    }
}

fn row_of(error: &Error) -> Option<usize> {
    match error {
        Error::Value { row, .. } => Some(*row),
        _ => None,
    }
}
