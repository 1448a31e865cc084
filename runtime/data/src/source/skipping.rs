//! Skipping of invalid rows.

use std::sync::Mutex;

use multi_input_base::{Error, Result};

use super::{Block, BlockRequest, Blocks, Source};

/// Handling of a row that cannot be read, or that the model refuses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BadRow {
    /// The pass ends with an error that names file, line, field, expected and found value.
    #[default]
    Fail,
    /// The row is skipped and counted.
    Skip,
}

/// A source that may skip invalid rows: see [`Source::on_bad_row`].
#[derive(Debug)]
pub struct Skipping<S> {
    source: S,
    bad_row: BadRow,
    passes: Mutex<Passes>,
}

/// The rows that were skipped in one pass over a source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// Number of rows.
    pub rows: usize,
    /// The errors of the first rows, at most ten.
    pub reasons: Vec<String>,
}

/// Counts rows that a model refuses and that are skipped.
#[doc(hidden)]
pub trait SkipRefused: Sync {
    /// Counts a row that the model refused with this error.
    fn skip(&self, error: &Error);

    /// The skipped rows, including rows that cannot be read: see [`Skipping::skipped`].
    fn skipped(&self) -> Skipped;
}

/// The skipped rows of the current and of the previous pass.
#[derive(Debug, Default)]
struct Passes {
    current: Skipped,
    /// Whether the current pass has reached the last row.
    ended: bool,
    /// The last earlier pass that reached the last row.
    before: Option<Skipped>,
}

const MAX_REASONS: usize = 10;

impl Passes {
    fn start(&mut self) {
        let current = std::mem::take(&mut self.current);
        if std::mem::take(&mut self.ended) {
            self.before = Some(current);
        }
    }

    fn skip(&mut self, error: &Error) {
        self.current.rows += 1;
        if self.current.reasons.len() < MAX_REASONS {
            self.current.reasons.push(error.to_string());
        }
    }

    /// The skipped rows of the last complete pass. Training starts to read the next pass while it
    /// trains on the last batches of the previous one, and may abandon that pass.
    fn last(&self) -> &Skipped {
        match &self.before {
            Some(before) if !self.ended => before,
            _ => &self.current,
        }
    }
}

impl<S: Source> Skipping<S> {
    pub(super) fn new(source: S, bad_row: BadRow) -> Skipping<S> {
        Skipping { source, bad_row, passes: Mutex::default() }
    }

    /// The rows that were skipped in the last complete pass, or in the current one if no pass is
    /// complete yet. Included are rows that cannot be read, and rows refused by a model that was
    /// trained or evaluated on the source, or predicted for it.
    pub fn skipped(&self) -> Skipped {
        self.with_passes(|passes| passes.last().clone())
    }

    fn with_passes<T>(&self, change: impl FnOnce(&mut Passes) -> T) -> T {
        // The counts stay valid if another thread panicked.
        change(&mut self.passes.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
    }

    /// Whether the row is passed on; a skipped row is counted.
    fn is_accepted(&self, row: &Result<S::Row>) -> bool {
        let reason = self.reason(row);
        if let Some(error) = reason {
            self.with_passes(|passes| passes.skip(error));
        }
        reason.is_none()
    }

    /// The error for which a row is skipped.
    fn reason<'r>(&self, row: &'r Result<S::Row>) -> Option<&'r Error> {
        match (self.bad_row, row) {
            (
                BadRow::Skip,
                Err(error @ (Error::Line { .. } | Error::Value { .. } | Error::Record { .. })),
            ) => Some(error),
            _ => None,
        }
    }

    /// Number of rows of a block that are passed on.
    fn accepted(&self, block: &Block<S::Row>) -> usize {
        match block {
            Block::Table(_) => block.len(),
            Block::Rows(rows) => rows.iter().filter(|row| self.reason(row).is_none()).count(),
        }
    }

    /// Passes on all items, and records when the pass is complete.
    fn recording_end<'a, T>(
        &'a self,
        mut all: impl Iterator<Item = T> + 'a,
    ) -> impl Iterator<Item = T> + 'a {
        std::iter::from_fn(move || {
            let next = all.next();
            if next.is_none() {
                self.with_passes(|passes| passes.ended = true);
            }
            next
        })
    }
}

impl<S: Source> SkipRefused for Skipping<S> {
    fn skip(&self, error: &Error) {
        self.with_passes(|passes| passes.skip(error));
    }

    fn skipped(&self) -> Skipped {
        Skipping::skipped(self)
    }
}

impl<S: Source> Source for Skipping<S> {
    type Row = S::Row;

    fn rows(&self) -> Result<impl Iterator<Item = Result<S::Row>>> {
        self.with_passes(Passes::start);
        Ok(self.recording_end(self.source.rows()?.filter(|row| self.is_accepted(row))))
    }

    fn blocks<'a>(&'a self, request: &'a BlockRequest) -> Result<Blocks<'a, S::Row>> {
        self.with_passes(Passes::start);
        let blocks = self.source.blocks(request)?.map(|block| match block {
            Block::Rows(mut rows) => {
                rows.retain(|row| self.is_accepted(row));
                Block::Rows(rows)
            }
            table => table,
        });
        Ok(Box::new(self.recording_end(blocks)))
    }

    /// Rows that cannot be read have no number, so that all others have to be read to number them.
    fn levels(&self) -> usize {
        self.source.levels() + usize::from(self.bad_row == BadRow::Skip)
    }

    fn count_rows(&self, request: &BlockRequest) -> Result<usize> {
        if request.known_levels() < self.source.levels() {
            return self.source.count_rows(request);
        }
        Ok(self.source.blocks(request)?.map(|block| self.accepted(&block)).sum())
    }

    fn skips(&self) -> Option<&dyn SkipRefused> {
        match self.bad_row {
            BadRow::Skip => Some(self),
            BadRow::Fail => self.source.skips(),
        }
    }
}
