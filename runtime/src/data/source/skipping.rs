//! Rows that cannot be read.

use std::sync::Mutex;

use super::{Block, Blocks, Source, Wanted};
use crate::{Error, Result};

/// What becomes of a row that cannot be read.
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
    skipped: Mutex<Skipped>,
}

/// How many rows were left out in the last pass over a source, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// How many.
    pub rows: usize,
    /// What was wrong with the first of them, ten at most.
    pub reasons: Vec<String>,
}

const MOST_REASONS: usize = 10;

impl<S: Source> Skipping<S> {
    pub(super) fn new(source: S, bad_row: BadRow) -> Skipping<S> {
        Skipping { source, bad_row, skipped: Mutex::default() }
    }

    /// What was left out since the last pass began.
    pub fn skipped(&self) -> Skipped {
        self.with_skipped(|skipped| skipped.clone())
    }

    fn with_skipped<T>(&self, change: impl FnOnce(&mut Skipped) -> T) -> T {
        // A panic elsewhere leaves a count behind, which is as good as any.
        change(&mut self.skipped.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
    }

    /// Whether the row is handed on; one that is not is counted.
    fn keeps(&self, row: &Result<S::Row>) -> bool {
        match (self.bad_row, row) {
            (
                BadRow::Skip,
                Err(error @ (Error::Line { .. } | Error::Value { .. } | Error::Record { .. })),
            ) => {
                self.with_skipped(|skipped| {
                    skipped.rows += 1;
                    if skipped.reasons.len() < MOST_REASONS {
                        skipped.reasons.push(error.to_string());
                    }
                });
                false
            }
            _ => true,
        }
    }
}

impl<S: Source> Source for Skipping<S> {
    type Row = S::Row;

    fn rows(&self) -> Result<impl Iterator<Item = Result<S::Row>>> {
        self.with_skipped(|skipped| *skipped = Skipped::default());
        Ok(self.source.rows()?.filter(|row| self.keeps(row)))
    }

    fn blocks<'a>(&'a self, wanted: &'a Wanted) -> Result<Blocks<'a, S::Row>> {
        self.with_skipped(|skipped| *skipped = Skipped::default());
        Ok(Box::new(self.source.blocks(wanted)?.map(|block| match block {
            Block::Rows(mut rows) => {
                rows.retain(|row| self.keeps(row));
                Block::Rows(rows)
            }
            table => table,
        })))
    }
}
