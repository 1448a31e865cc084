//! What a run validates with.

use multi_input_base::{Error, Notice, Result};
use multi_input_data::{preprocess::Preprocessing, SkipRefused, Table};
use multi_input_kernel::{Backend, Element};

use super::{
    fit_from::skipped_notice,
    notices::{CutOff, RowStatistics},
    run::{Fill, Run},
    settings::ValidationRows,
    LeftOut,
};
use crate::{
    history::{Figures, Phase},
    objective::{RowWeights, Rows},
};

/// Whether a run validates.
pub(super) enum Validation {
    None,
    With(With),
}

/// The rows to validate with, apart or cut off the training rows.
pub(super) enum With {
    /// Rows of their own.
    Apart(Rows),
    /// The rows from this number on, of the training rows without their classes' weights.
    CutOff(RowWeights, Vec<usize>),
    /// Rows that are read anew every time; an input may have to say nothing.
    Streamed(Box<dyn SampleTables>, Option<LeftOut>),
}

/// The tables of a pass, each with the number of its first row.
pub(crate) type Pass<'a> = &'a mut dyn Iterator<Item = Result<(Table, usize)>>;

/// A source of rows to validate with, whatever its type.
pub(crate) trait SampleTables {
    /// Lets `take` have all rows that the preprocessing accepts, in tables of so many.
    fn each(
        &self,
        fitted: &Preprocessing,
        at_once: usize,
        take: &mut dyn FnMut(Pass<'_>) -> Result<()>,
    ) -> Result<()>;

    /// What leaves out the others, where something does.
    fn skips(&self) -> Option<&dyn SkipRefused>;
}

impl Validation {
    /// Of the rows or the source that a trainer was given. Only where the training rows are in memory
    /// can some be cut off, of which `cut_off` tells.
    pub(super) fn new(
        given: ValidationRows,
        fitted: &Preprocessing,
        left_out: Option<LeftOut>,
        cut_off: impl FnOnce() -> Validation,
    ) -> Result<Validation> {
        Ok(match given {
            ValidationRows::None => Validation::None,
            ValidationRows::Split(_) => cut_off(),
            ValidationRows::Rows(rows) => {
                let mut raw = rows?;
                left_out.iter().for_each(|left_out| left_out.apply(&mut raw));
                let raw = fitted.classes(raw, 0)?;
                Validation::With(With::Apart(Rows::new(raw, fitted, RowWeights::default())?))
            }
            ValidationRows::Source(source) => Validation::With(With::Streamed(source, left_out)),
        })
    }
}

impl Validation {
    /// What the rows to validate with hold beside the training rows, of which `rows` has those that
    /// may have been cut off.
    pub(super) fn census(
        &self,
        training: &RowStatistics,
        rows: &Rows,
        fitted: &Preprocessing,
    ) -> Result<Option<(RowStatistics, CutOff)>> {
        let graph = training.graph();
        Ok(Some(match self {
            Validation::None => return Ok(None),
            Validation::With(With::Apart(rows)) => {
                let all: Vec<usize> = (0..rows.len()).collect();
                (RowStatistics::of(graph, rows, &all, Some(training)), CutOff::No)
            }
            Validation::With(With::CutOff(weights, numbers)) => {
                let mut census = RowStatistics::new(graph);
                census.add(&rows.take_weighing(numbers, weights), Some(training));
                (census, CutOff::Yes)
            }
            Validation::With(With::Streamed(source, left_out)) => {
                let (mut census, mut is_empty) = (RowStatistics::new(graph), true);
                source.each(fitted, ROWS_AT_ONCE, &mut |tables| {
                    for table in tables {
                        let (mut raw, first) = table?;
                        is_empty = false;
                        left_out.iter().for_each(|left_out| left_out.apply(&mut raw));
                        let raw = fitted.classes(raw, first)?;
                        let weights = RowWeights::default();
                        let rows = Rows::numbered(raw, fitted, weights, (first, None))?;
                        let all: Vec<usize> = (0..rows.len()).collect();
                        census.add(&rows.take(&all), Some(training));
                    }
                    Ok(())
                })?;
                // Said now rather than after the first epoch.
                if is_empty {
                    return Err(Error::NoRows("validate with"));
                }
                (census, CutOff::No)
            }
        }))
    }
}

impl Validation {
    /// What is worth knowing of the rows that the last pass over them left out.
    pub(super) fn skipped(&self) -> Option<Notice> {
        match self {
            Validation::With(With::Streamed(source, _)) => {
                skipped_notice(source.skips(), "validation")
            }
            _ => None,
        }
    }
}

/// How many rows of a stream are looked at together.
const ROWS_AT_ONCE: usize = 256;

impl<E: Element, D: Backend<E>> Run<'_, E, D> {
    /// The figures on the rows to validate with.
    pub(super) fn validate(&mut self, validation: &Validation) -> Result<Figures> {
        match validation {
            Validation::None => Ok(Figures::default()),
            Validation::With(rows) => self.settled(Fill::Yes, |run, _| run.score(rows)),
        }
    }

    fn score(&self, rows: &With) -> Result<Figures> {
        let batch_size = self.settings.batch_size;
        let scores = match rows {
            With::Apart(rows) => {
                let all: Vec<usize> = (0..rows.len()).collect();
                self.model.score(rows, &rows.weights, &all, batch_size)?
            }
            With::CutOff(weights, numbers) => {
                self.model.score(&self.rows, weights, numbers, batch_size)?
            }
            With::Streamed(source, left_out) => {
                let mut figures = Figures::default();
                let fitted = self.model.fitted()?;
                source.each(&fitted, batch_size, &mut |tables| {
                    let mut tables = tables.map(|table| {
                        let (mut raw, first) = table?;
                        left_out.iter().for_each(|left_out| left_out.apply(&mut raw));
                        Ok((raw, first))
                    });
                    let scores =
                        self.model.score_tables(&mut tables, batch_size, "validate with")?;
                    figures = scores.figures(Phase::Validation);
                    Ok(())
                })?;
                return Ok(figures);
            }
        };
        Ok(scores.figures(Phase::Validation))
    }
}
