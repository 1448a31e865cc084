//! The validation rows of a run.

use std::cell::OnceCell;

use multi_input_base::{Error, Notice, Result};
use multi_input_data::{
    preprocess::Preprocessing,
    reading::{Shard, ShardRows},
    SkipRefused,
};
use multi_input_kernel::{Backend, Element};

use super::{
    fit_from::skipped_notice,
    notices::{RowStatistics, SplitOff},
    run::{Fill, Run},
    settings::ValidationRows,
    source_shards::find_shards,
    GatherCounts, LeftOut,
};
use crate::{
    history::{Figures, Phase},
    objective::{RawTables, RowWeights, Rows, Scores},
};

/// Whether a run validates.
pub(super) enum Validation {
    None,
    On(ValidationSet),
}

/// The validation rows: separate, or split off the training rows.
pub(super) enum ValidationSet {
    /// Separate rows in memory.
    Separate(Rows),
    /// The numbers of the training rows that were split off, and the row weights without class
    /// weights.
    Split(RowWeights, Vec<usize>),
    /// A source that is read anew for every validation, the input that the run ignores, and where the
    /// shards of this rank are.
    Streamed(Box<dyn SampleTables>, Option<LeftOut>, OnceCell<Vec<ShardRows>>),
}

/// A source of validation rows, independent of its type.
pub(crate) trait SampleTables {
    /// Calls `take` with all rows of a shard that the preprocessing accepts, in tables of a number of
    /// rows.
    fn each(
        &self,
        fitted: &Preprocessing,
        rows: (&ShardRows, usize),
        take: &mut dyn FnMut(RawTables<'_>) -> Result<()>,
    ) -> Result<()>;

    /// [`RowsOfSource::find`](super::RowsOfSource::find).
    fn find(&self, shards: &[Shard], gather: GatherCounts<'_>) -> Result<Vec<ShardRows>>;

    /// The sink for refused rows, if they are skipped.
    fn skips(&self) -> Option<&dyn SkipRefused>;
}

impl Validation {
    /// The validation on the rows or source given to a trainer. `split` makes the validation rows
    /// from training rows in memory.
    pub(super) fn new(
        given: ValidationRows,
        fitted: &Preprocessing,
        left_out: Option<LeftOut>,
        split: impl FnOnce() -> Validation,
    ) -> Result<Validation> {
        Ok(match given {
            ValidationRows::None => Validation::None,
            ValidationRows::Split(_) => split(),
            ValidationRows::Rows(rows) => {
                let mut raw = rows?;
                left_out.iter().for_each(|left_out| left_out.apply(&mut raw));
                let raw = fitted.classes(raw, 0)?;
                Validation::On(ValidationSet::Separate(Rows::new(
                    raw,
                    fitted,
                    RowWeights::default(),
                )?))
            }
            ValidationRows::Source(source) => {
                Validation::On(ValidationSet::Streamed(source, left_out, OnceCell::new()))
            }
        })
    }
}

impl Validation {
    /// Statistics of the validation rows for comparison with the training rows. `rows` holds the
    /// rows that a split was made from.
    pub(super) fn statistics(
        &self,
        training: &RowStatistics,
        rows: &Rows,
        fitted: &Preprocessing,
    ) -> Result<Option<(RowStatistics, SplitOff)>> {
        let graph = training.graph();
        Ok(Some(match self {
            Validation::None => return Ok(None),
            Validation::On(ValidationSet::Separate(rows)) => {
                let all: Vec<usize> = (0..rows.len()).collect();
                (RowStatistics::of(graph, rows, &all, Some(training)), SplitOff::No)
            }
            Validation::On(ValidationSet::Split(weights, numbers)) => {
                let mut statistics = RowStatistics::new(graph);
                statistics.add(&rows.take_weighted(numbers, weights), Some(training));
                (statistics, SplitOff::Yes)
            }
            Validation::On(ValidationSet::Streamed(source, left_out, _)) => {
                let (mut statistics, mut is_empty) = (RowStatistics::new(graph), true);
                source.each(fitted, (&ShardRows::ALL, ROWS_AT_ONCE), &mut |tables| {
                    for table in tables {
                        let (mut raw, first) = table?;
                        is_empty = false;
                        left_out.iter().for_each(|left_out| left_out.apply(&mut raw));
                        let raw = fitted.classes(raw, first)?;
                        let weights = RowWeights::default();
                        let rows = Rows::numbered(raw, fitted, weights, (first, None))?;
                        let all: Vec<usize> = (0..rows.len()).collect();
                        statistics.add(&rows.take(&all), Some(training));
                    }
                    Ok(())
                })?;
                // Reported now rather than after the first epoch.
                if is_empty {
                    return Err(Error::NoRows("validate with"));
                }
                (statistics, SplitOff::No)
            }
        }))
    }
}

impl Validation {
    /// The notice about rows that the last pass left out.
    pub(super) fn skipped(&self) -> Option<Notice> {
        match self {
            Validation::On(ValidationSet::Streamed(source, ..)) => {
                skipped_notice(&source.skips()?.skipped(), "validation")
            }
            _ => None,
        }
    }
}

/// Rows per table of a stream.
const ROWS_AT_ONCE: usize = 256;

impl<E: Element, D: Backend<E>> Run<'_, E, D> {
    /// The figures on the validation rows.
    pub(super) fn validate(&mut self, validation: &Validation) -> Result<Figures> {
        match validation {
            Validation::None => Ok(Figures::default()),
            Validation::On(rows) => self.with_flushed_tables(Fill::Yes, |run, _| run.score(rows)),
        }
    }

    fn score(&self, rows: &ValidationSet) -> Result<Figures> {
        let scores = match rows {
            ValidationSet::Separate(rows) => {
                let all: Vec<usize> = (0..rows.len()).collect();
                self.score_shards(rows, &rows.weights, &all)?
            }
            ValidationSet::Split(weights, numbers) => {
                self.score_shards(&self.rows, weights, numbers)?
            }
            ValidationSet::Streamed(source, left_out, known) => {
                if known.get().is_none() {
                    let own = self.find_shards(&|shards, gather| source.find(shards, gather))?;
                    drop(known.set(own));
                }
                let own = known.get().into_iter().flatten();
                let own = own.map(|shard| self.score_source(&**source, left_out, shard));
                let own = own.collect::<Result<Vec<Scores>>>()?;
                self.model.until_all_are_done()?;
                let scores = self.over_all_shards(own, "the figures of the validation rows")?;
                scores.check_known("validate with")?;
                scores
            }
        };
        Ok(scores.figures(Phase::Validation))
    }
    /// The scores of a shard of a source.
    fn score_source(
        &self,
        source: &dyn SampleTables,
        left_out: &Option<LeftOut>,
        shard: &ShardRows,
    ) -> Result<Scores> {
        let (mut scores, fitted) = (self.no_scores()?, self.model.fitted()?);
        let batch_size = self.settings.batch_size;
        source.each(&fitted, (shard, batch_size), &mut |tables| {
            let mut tables = tables.map(|table| {
                let (mut raw, first) = table?;
                left_out.iter().for_each(|left_out| left_out.apply(&mut raw));
                Ok((raw, first))
            });
            self.model.add_table_scores(&mut scores, &mut tables, batch_size)?;
            Ok(())
        })?;
        Ok(scores)
    }

    /// The rows of this rank's shards of a source.
    fn find_shards(
        &self,
        find: &dyn Fn(&[Shard], GatherCounts<'_>) -> Result<Vec<ShardRows>>,
    ) -> Result<Vec<ShardRows>> {
        match &self.ranks {
            None => Ok(vec![ShardRows::ALL]),
            Some(ranks) => find_shards(&ranks.cluster, &ranks.shards, find),
        }
    }

    /// The scores of validation rows. Each shard takes its part of their batches.
    fn score_shards(&self, rows: &Rows, weights: &RowWeights, numbers: &[usize]) -> Result<Scores> {
        let batch_size = self.settings.batch_size;
        let Some(ranks) = &self.ranks else {
            return self.model.score(rows, weights, numbers, batch_size);
        };
        let batches: Vec<&[usize]> = numbers.chunks(batch_size).collect();
        let of_shard = |shard| {
            let batches = ranks.shards.rows(shard, batches.len());
            let first = batches.start * batch_size;
            let end = numbers.len().min(batches.end * batch_size);
            self.model.score(rows, weights, &numbers[first..end], batch_size)
        };
        let own = ranks.shards.own.clone().map(of_shard).collect::<Result<_>>()?;
        self.model.until_all_are_done()?;
        self.over_all_shards(own, "the figures of the validation rows")
    }
}
