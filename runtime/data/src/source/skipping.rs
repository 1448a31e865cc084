//! Rows that cannot be read, or that a model refuses.

use std::sync::Mutex;

use multi_input_base::{Error, Result};

use super::{Block, BlockRequest, Blocks, Source};

/// What becomes of a row that cannot be read, or that the model refuses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BadRow {
    /// It is an error, which names file, line, field, what was expected and what was found.
    #[default]
    Fail,
    /// It is left out, and counted.
    Skip,
}

/// A source that may leave bad rows out.
#[derive(Debug)]
pub struct Skipping<S> {
    source: S,
    bad_row: BadRow,
    passes: Mutex<Passes>,
}

/// How many rows were left out in a pass over a source, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// How many.
    pub rows: usize,
    /// What was wrong with the first of them, ten at most.
    pub reasons: Vec<String>,
}

/// Leaves out rows that a model refuses.
#[doc(hidden)]
pub trait SkipRefused: Sync {
    /// Counts a row that the model refuses for this reason.
    fn skip(&self, error: &Error);

    /// What was left out, the rows that cannot be read included: [`Skipping::skipped`].
    fn skipped(&self) -> Skipped;
}

/// What was left out in the pass under way and in the one before.
#[derive(Debug, Default)]
struct Passes {
    current: Skipped,
    /// Whether the pass has come to the last row.
    ended: bool,
    /// The last pass before that came to its end.
    before: Option<Skipped>,
}

const MOST_REASONS: usize = 10;

impl Passes {
    fn start(&mut self) {
        let current = std::mem::take(&mut self.current);
        if std::mem::take(&mut self.ended) {
            self.before = Some(current);
        }
    }

    fn skip(&mut self, error: &Error) {
        self.current.rows += 1;
        if self.current.reasons.len() < MOST_REASONS {
            self.current.reasons.push(error.to_string());
        }
    }

    /// Of the last pass that came to its end: training reads on while its last batches are trained
    /// on, and leaves that pass where it is.
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

    /// What was left out in the last pass that came to the last row, or where none has, so far: rows
    /// that cannot be read, and those that a model refuses which trains on the source, is evaluated on
    /// it or predicts for it.
    pub fn skipped(&self) -> Skipped {
        self.with_passes(|passes| passes.last().clone())
    }

    fn with_passes<T>(&self, change: impl FnOnce(&mut Passes) -> T) -> T {
        // A panic elsewhere leaves a count behind, which is as good as any.
        change(&mut self.passes.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
    }

    /// Whether the row is handed on; one that is not is counted.
    fn keeps(&self, row: &Result<S::Row>) -> bool {
        match (self.bad_row, row) {
            (
                BadRow::Skip,
                Err(error @ (Error::Line { .. } | Error::Value { .. } | Error::Record { .. })),
            ) => {
                self.with_passes(|passes| passes.skip(error));
                false
            }
            _ => true,
        }
    }

    /// Notes the end of a pass over `all`.
    fn to_the_end<'a, T>(
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
        Ok(self.to_the_end(self.source.rows()?.filter(|row| self.keeps(row))))
    }

    fn blocks<'a>(&'a self, wanted: &'a BlockRequest) -> Result<Blocks<'a, S::Row>> {
        self.with_passes(Passes::start);
        let blocks = self.source.blocks(wanted)?.map(|block| match block {
            Block::Rows(mut rows) => {
                rows.retain(|row| self.keeps(row));
                Block::Rows(rows)
            }
            table => table,
        });
        Ok(Box::new(self.to_the_end(blocks)))
    }

    fn skips(&self) -> Option<&dyn SkipRefused> {
        match self.bad_row {
            BadRow::Skip => Some(self),
            BadRow::Fail => self.source.skips(),
        }
    }
}
