//! The first passes over a source: how many rows there are, what tells them from others, how much they
//! count, and what preprocessing learns from them.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use multi_input_base::{Error, Result};
use multi_input_data::{
    preprocess::{Counts, Fitting, Preprocessing},
    reading::{NumberedTable, RowFilter},
    SkipRefused, Skipped, Table,
};

use super::{
    check::all_right, fingerprint::Fingerprint, notices::RowStatistics, setup::Setup,
    stream::RowsOfSource, untrained::reference_rows, weighing::SampleWeightCheck,
};
use crate::objective::RowWeights;

/// How many rows are looked at together.
const ROWS_AT_ONCE: usize = 256;

/// What the first passes tell of a source.
pub(super) struct Counted {
    pub(super) fitted: Preprocessing,
    pub(super) rows: usize,
    /// What all rows would take in memory.
    pub(super) bytes: usize,
    /// The checksum of their values.
    pub(super) values: u32,
    pub(super) weights: Vec<SampleWeightCheck>,
    pub(super) census: RowStatistics,
    /// The first rows, where a vector that stands in for an absent input may need them.
    pub(super) first_rows: Option<Table>,
}

/// The rows as they are counted.
struct Count {
    rows: usize,
    bytes: usize,
    values: Fingerprint,
    weights: Vec<SampleWeightCheck>,
    census: RowStatistics,
    first_rows: Option<Table>,
}

impl Count {
    /// Takes rows, of which `counts` says for which outputs they count.
    fn take(&mut self, piece: &NumberedTable, counts: Counts<'_>) {
        self.values.look(&piece.table);
        let all: Vec<usize> = (0..piece.len()).collect();
        self.census.add_raw(&piece.table, &all, counts);
        if let Some(first_rows) = &mut self.first_rows {
            let left =
                reference_rows(self.census.graph()).saturating_sub(self.rows).min(piece.len());
            first_rows.append(&piece.table, 0..left);
        }
        self.rows += piece.len();
        self.bytes += piece.bytes(0..piece.len());
        for (weights, answers) in self.weights.iter_mut().zip(&piece.answers) {
            let places = piece.row_numbers.iter().zip(answers);
            places.for_each(|(place, weight)| weights.take(*place, *weight as f32));
        }
    }

    fn end(self, fitted: Preprocessing) -> Result<Counted> {
        let Count { rows, bytes, values, weights, mut census, first_rows } = self;
        if rows == 0 {
            return Err(Error::NoRows("train on"));
        }
        let mistakes = weights.iter().filter_map(|of| of.mistake().map(str::to_owned)).collect();
        census.check_known("train on")?;
        census.learn_labels(&fitted);
        census.add_vocabularies(&fitted);
        let values = values.value();
        let counted = Counted { fitted, rows, bytes, values, weights, census, first_rows };
        all_right(counted, mistakes)
    }
}

/// Leaves rows out, and remembers their places.
struct Recording<'a> {
    /// Where they are counted too.
    skips: Option<&'a dyn SkipRefused>,
    places: Mutex<BTreeSet<usize>>,
}

impl SkipRefused for Recording<'_> {
    fn skip(&self, error: &Error) {
        if let Error::Value { row, .. } = error {
            self.places.lock().unwrap_or_else(PoisonError::into_inner).insert(*row);
        }
        self.skips.into_iter().for_each(|skips| skips.skip(error));
    }

    fn skipped(&self) -> Skipped {
        self.skips.map_or_else(Skipped::default, SkipRefused::skipped)
    }
}

impl<'a> Recording<'a> {
    fn new(skips: Option<&'a dyn SkipRefused>) -> Recording<'a> {
        Recording { skips, places: Mutex::default() }
    }

    fn places(self) -> BTreeSet<usize> {
        self.places.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Setup {
    /// Counts the rows and fits the preprocessing on them, where it is not fitted.
    ///
    /// # Errors
    /// Those of the source, and [`Error::Settings`] for a sample weight that is none.
    pub(super) fn count(
        &self,
        source: &dyn RowsOfSource,
        fitted: Option<&Preprocessing>,
    ) -> Result<Counted> {
        match (fitted, source.skips()) {
            (Some(fitted), skips) => self.count_accepted(source, fitted.clone(), skips),
            (None, None) => self.fit_and_count(source),
            (None, Some(skips)) => self.fit_skipping(source, skips),
        }
    }

    /// Both in the same passes. A pass for the labels alone does not count: the weights of their classes
    /// are not known in it.
    fn fit_and_count(&self, source: &dyn RowsOfSource) -> Result<Counted> {
        let (mut fitting, mut count) = (self.weighing.fitting(), self.start_count());
        let mut counted = false;
        while !counted || !fitting.is_done() {
            let counts_now = !counted && !fitting.is_for_labels();
            self.pass(source, RowFilter::by(None, |_| Ok(())), |piece| {
                let weights = self.weights_while_fitting(&piece, &fitting);
                let counts = |output: usize, row: usize| weights.counts(output, row);
                if counts_now {
                    count.take(&piece, &counts);
                }
                look(&mut fitting, &piece, &counts)
            })?;
            fitting.end_pass();
            counted |= counts_now;
        }
        count.end(fitting.finish()?)
    }

    /// Counts the rows that fitted preprocessing accepts.
    fn count_accepted(
        &self,
        source: &dyn RowsOfSource,
        fitted: Preprocessing,
        skips: Option<&dyn SkipRefused>,
    ) -> Result<Counted> {
        let mut count = self.start_count();
        let screen = RowFilter::by(skips, |table| fitted.check_samples(table));
        self.pass(source, screen, |piece| {
            let by_row = self.weighing.of_answers(piece.answers.iter().cloned());
            let known = |output: usize, row: usize| by_row.counts(output, row);
            let by_class = fitted
                .classes_where(piece.table.clone(), &known, 0)
                .map_err(|error| piece.renumber(error))?;
            let weights = self.weighing.with_classes(by_row, &by_class);
            count.take(&piece, &|output, row| weights.counts(output, row));
            Ok(())
        })?;
        count.end(fitted)
    }

    /// Fits and counts where rows that the model refuses are left out. Only preprocessing that is fitted
    /// says which these are, so they are counted afterwards. Where steps have learned from a row that
    /// a later step refuses, all of them learn anew without it, but once only: where the least row
    /// is refused, another one is the least after that, and so on up to the last.
    fn fit_skipping(&self, source: &dyn RowsOfSource, skips: &dyn SkipRefused) -> Result<Counted> {
        let mut refused = BTreeSet::new();
        let (fitted, mut late) = self.fit_without(source, &mut refused)?;
        let recording = Recording::new(Some(skips));
        let counted = self.count_accepted(source, fitted, Some(&recording));
        late.extend(recording.places());
        if late.is_subset(&refused) {
            return counted;
        }
        refused.extend(late);
        let (fitted, _) = self.fit_without(source, &mut refused)?;
        self.count_accepted(source, fitted, Some(skips))
    }

    /// Preprocessing fitted without the `refused` rows, to which those join that are refused before
    /// anything is learned from them; and the rows that were refused later.
    fn fit_without(
        &self,
        source: &dyn RowsOfSource,
        refused: &mut BTreeSet<usize>,
    ) -> Result<(Preprocessing, BTreeSet<usize>)> {
        let (mut fitting, mut late) = (self.weighing.fitting(), BTreeSet::new());
        let mut first = true;
        while first || !fitting.is_done() {
            let recording = Recording::new(None);
            self.pass(source, RowFilter::by(Some(&recording), |_| Ok(())), |piece| {
                let piece = piece.without(refused);
                let refuse = |error| {
                    recording.skip(&error);
                    Ok(())
                };
                let piece = piece.accepted_by(|table| fitting.check(table), refuse)?;
                let surplus = |error| recording.skip(&piece.renumber(error));
                let kept = fitting.without_surplus_labels(&piece.table, surplus);
                let piece = if kept.len() < piece.len() { piece.select(&kept) } else { piece };
                let weights = self.weights_while_fitting(&piece, &fitting);
                look(&mut fitting, &piece, &|output, row| weights.counts(output, row))
            })?;
            fitting.end_pass();
            let new = if first { &mut *refused } else { &mut late };
            new.extend(recording.places());
            first = false;
        }
        Ok((fitting.finish()?, late))
    }

    /// How much rows count by what is known while preprocessing is fitted.
    fn weights_while_fitting(&self, piece: &NumberedTable, fitting: &Fitting) -> RowWeights {
        let by_row = self.weighing.of_answers(piece.answers.iter().cloned());
        self.weighing.while_fitting(by_row, &piece.table, fitting)
    }

    /// One pass over the source, in which rows are asked how much they count.
    fn pass(
        &self,
        source: &dyn RowsOfSource,
        screen: RowFilter<'_>,
        mut take: impl FnMut(NumberedTable) -> Result<()>,
    ) -> Result<()> {
        source.pass(ROWS_AT_ONCE, screen, &mut |pieces| {
            for piece in pieces {
                take(piece?)?;
            }
            Ok(())
        })
    }

    fn start_count(&self) -> Count {
        let weights = self.weighing.checks();
        let stands_in = self.graph.nodes.iter().any(|node| node.stand_in > 0);
        Count {
            rows: 0,
            bytes: 0,
            values: Fingerprint::default(),
            weights,
            census: RowStatistics::new(self.graph),
            first_rows: stands_in.then(|| Table::of_samples(self.graph)),
        }
    }
}

/// Has the preprocessing take a look at some rows.
fn look(fitting: &mut Fitting, piece: &NumberedTable, counts: Counts<'_>) -> Result<()> {
    let all: Vec<usize> = (0..piece.len()).collect();
    fitting.update(&piece.table, &all, counts, 0).map_err(|error| piece.renumber(error))
}
