//! The first passes over a source: count the rows, compute their checksum and weights, and fit the
//! preprocessing.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use multi_input_base::{Error, Result};
use multi_input_data::{
    preprocess::{Counts, FittedFields, Fitting, Preprocessing},
    reading::{NumberedTable, RowFilter},
    SkipRefused, Skipped, Table,
};

use super::{
    check::ok_unless, fingerprint::Fingerprint, notices::RowStatistics, setup::Setup,
    stream::RowsOfSource, untrained::reference_rows, weighting::SampleWeightCheck,
};
use crate::objective::RowWeights;

/// Rows per table while counting.
const ROWS_AT_ONCE: usize = 256;

/// Results of the first passes over a source.
pub(super) struct Counted {
    pub(super) fitted: Preprocessing,
    pub(super) rows: usize,
    /// Bytes that all rows would take in memory.
    pub(super) bytes: usize,
    /// The checksum of the rows' values.
    pub(super) values: u32,
    pub(super) weights: Vec<SampleWeightCheck>,
    pub(super) statistics: RowStatistics,
    /// The first rows, kept if the model has a learned vector for an absent input.
    pub(super) first_rows: Option<Table>,
}

/// The accumulator of a counting pass.
struct Count {
    rows: usize,
    bytes: usize,
    values: Fingerprint,
    weights: Vec<SampleWeightCheck>,
    statistics: RowStatistics,
    first_rows: Option<Table>,
}

impl Count {
    /// Adds a table of rows; `counts` says which rows count for which outputs.
    fn take(&mut self, numbered: &NumberedTable, counts: Counts<'_>) {
        self.values.update(&numbered.table);
        let all: Vec<usize> = (0..numbered.len()).collect();
        self.statistics.add_raw(&numbered.table, &all, counts);
        if let Some(first_rows) = &mut self.first_rows {
            let left = reference_rows(self.statistics.graph())
                .saturating_sub(self.rows)
                .min(numbered.len());
            first_rows.append(&numbered.table, 0..left);
        }
        self.rows += numbered.len();
        self.bytes += numbered.bytes(0..numbered.len());
        for (weights, answers) in self.weights.iter_mut().zip(&numbered.answers) {
            let weighted_rows = numbered.row_numbers.iter().zip(answers);
            weighted_rows.for_each(|(row, weight)| weights.take(*row, *weight as f32));
        }
    }

    fn end(self, fitted: Preprocessing) -> Result<Counted> {
        let Count { rows, bytes, values, weights, mut statistics, first_rows } = self;
        if rows == 0 {
            return Err(Error::NoRows("train on"));
        }
        let mistakes = weights.iter().filter_map(|of| of.mistake().map(str::to_owned)).collect();
        statistics.check_known("train on")?;
        statistics.learn_labels(&fitted);
        statistics.add_vocabularies(&fitted);
        let values = values.value();
        let counted = Counted { fitted, rows, bytes, values, weights, statistics, first_rows };
        ok_unless(counted, mistakes)
    }
}

/// A [`SkipRefused`] that also records the numbers of the refused rows.
struct Recording<'a> {
    /// Another sink that counts the same rows.
    skips: Option<&'a dyn SkipRefused>,
    rows: Mutex<BTreeSet<usize>>,
}

impl SkipRefused for Recording<'_> {
    fn skip(&self, error: &Error) {
        if let Error::Value { row, .. } = error {
            self.rows.lock().unwrap_or_else(PoisonError::into_inner).insert(*row);
        }
        self.skips.into_iter().for_each(|skips| skips.skip(error));
    }

    fn skipped(&self) -> Skipped {
        self.skips.map_or_else(Skipped::default, SkipRefused::skipped)
    }
}

impl<'a> Recording<'a> {
    fn new(skips: Option<&'a dyn SkipRefused>) -> Recording<'a> {
        Recording { skips, rows: Mutex::default() }
    }

    fn rows(self) -> BTreeSet<usize> {
        self.rows.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Setup<'_> {
    /// Counts the rows, and fits the preprocessing except for the fields that are `kept`.
    ///
    /// # Errors
    /// Those of the source, and [`Error::Settings`] for an invalid sample weight.
    pub(super) fn count(&self, source: &dyn RowsOfSource, kept: &FittedFields) -> Result<Counted> {
        match (self.complete(kept), source.skips()) {
            (Some(fitted), skips) => self.count_accepted(source, fitted, skips),
            (None, None) => self.fit_and_count(source, kept),
            (None, Some(skips)) => self.fit_skipping(source, skips, kept),
        }
    }

    /// Fits the preprocessing and counts the rows in the same passes. A pass that collects labels
    /// does not count, because class weights are not known yet.
    fn fit_and_count(&self, source: &dyn RowsOfSource, kept: &FittedFields) -> Result<Counted> {
        let (mut fitting, mut count) = (self.weighting.fitting(kept), self.start_count());
        let mut counted = false;
        while !counted || !fitting.is_done() {
            let counting_pass = !counted && !fitting.is_for_labels();
            self.pass(source, RowFilter::by(None, |_| Ok(())), |numbered| {
                let weights = self.weights_while_fitting(&numbered, &fitting);
                let counts = |output: usize, row: usize| weights.counts(output, row);
                if counting_pass {
                    count.take(&numbered, &counts);
                }
                observe(&mut fitting, &numbered, &counts)
            })?;
            fitting.end_pass();
            counted |= counting_pass;
        }
        count.end(fitting.finish()?)
    }

    /// Counts the rows that `fitted` accepts.
    fn count_accepted(
        &self,
        source: &dyn RowsOfSource,
        fitted: Preprocessing,
        skips: Option<&dyn SkipRefused>,
    ) -> Result<Counted> {
        let mut count = self.start_count();
        let filter = RowFilter::by(skips, |table| fitted.check_samples(table));
        self.pass(source, filter, |numbered| {
            let by_row = self.weighting.by_sample_weights(numbered.answers.iter().cloned());
            let known = |output: usize, row: usize| by_row.counts(output, row);
            let by_class = fitted
                .classes_where(numbered.table.clone(), &known, 0)
                .map_err(|error| numbered.renumber(error))?;
            let weights = self.weighting.with_classes(by_row, &by_class);
            count.take(&numbered, &|output, row| weights.counts(output, row));
            Ok(())
        })?;
        count.end(fitted)
    }

    /// Fits and counts with refused rows left out. Only fitted preprocessing decides which rows are
    /// refused, so rows are counted after fitting. If a step has learned from a row that a later
    /// step refuses, all steps are fitted once more without that row. There is no third fit:
    /// removing one extreme row can make the next row the extreme, down to the last.
    fn fit_skipping(
        &self,
        source: &dyn RowsOfSource,
        skips: &dyn SkipRefused,
        kept: &FittedFields,
    ) -> Result<Counted> {
        let mut refused = BTreeSet::new();
        let (fitted, mut late) = self.fit_without(source, &mut refused, kept)?;
        let recording = Recording::new(Some(skips));
        let counted = self.count_accepted(source, fitted, Some(&recording));
        late.extend(recording.rows());
        if late.is_subset(&refused) {
            return counted;
        }
        refused.extend(late);
        let (fitted, _) = self.fit_without(source, &mut refused, kept)?;
        self.count_accepted(source, fitted, Some(skips))
    }

    /// Preprocessing fitted without the `refused` rows, and the rows refused in later passes. Rows
    /// refused in the first pass are added to `refused`.
    fn fit_without(
        &self,
        source: &dyn RowsOfSource,
        refused: &mut BTreeSet<usize>,
        kept: &FittedFields,
    ) -> Result<(Preprocessing, BTreeSet<usize>)> {
        let (mut fitting, mut late) = (self.weighting.fitting(kept), BTreeSet::new());
        let mut first = true;
        while first || !fitting.is_done() {
            let recording = Recording::new(None);
            self.pass(source, RowFilter::by(Some(&recording), |_| Ok(())), |numbered| {
                let numbered = numbered.without(refused);
                let refuse = |error| {
                    recording.skip(&error);
                    Ok(())
                };
                let numbered = numbered.accepted_by(|table| fitting.check(table), refuse)?;
                let surplus = |error| recording.skip(&numbered.renumber(error));
                let accepted = fitting.without_surplus_labels(&numbered.table, surplus);
                let numbered = if accepted.len() < numbered.len() {
                    numbered.select(&accepted)
                } else {
                    numbered
                };
                let weights = self.weights_while_fitting(&numbered, &fitting);
                observe(&mut fitting, &numbered, &|output, row| weights.counts(output, row))
            })?;
            fitting.end_pass();
            let new = if first { &mut *refused } else { &mut late };
            new.extend(recording.rows());
            first = false;
        }
        Ok((fitting.finish()?, late))
    }

    /// The row weights as far as they are known while preprocessing is fitted.
    fn weights_while_fitting(&self, numbered: &NumberedTable, fitting: &Fitting) -> RowWeights {
        let by_row = self.weighting.by_sample_weights(numbered.answers.iter().cloned());
        self.weighting.while_fitting(by_row, &numbered.table, fitting)
    }

    /// One pass over the source; the tables carry the sample weights of their rows.
    fn pass(
        &self,
        source: &dyn RowsOfSource,
        filter: RowFilter<'_>,
        mut take: impl FnMut(NumberedTable) -> Result<()>,
    ) -> Result<()> {
        source.pass(ROWS_AT_ONCE, filter, &mut |tables| {
            for numbered in tables {
                take(numbered?)?;
            }
            Ok(())
        })
    }

    fn start_count(&self) -> Count {
        let weights = self.weighting.checks();
        let stands_in = self.graph.nodes.iter().any(|node| node.stand_in > 0);
        Count {
            rows: 0,
            bytes: 0,
            values: Fingerprint::default(),
            weights,
            statistics: RowStatistics::new(self.graph),
            first_rows: stands_in.then(|| Table::of_samples(self.graph)),
        }
    }
}

/// Shows a table of rows to the steps that are being fitted.
fn observe(fitting: &mut Fitting, numbered: &NumberedTable, counts: Counts<'_>) -> Result<()> {
    let all: Vec<usize> = (0..numbered.len()).collect();
    fitting.update(&numbered.table, &all, counts, 0).map_err(|error| numbered.renumber(error))
}
