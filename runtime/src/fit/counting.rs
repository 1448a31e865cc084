//! The first passes over a source: count the rows, compute their checksum and weights, and fit the
//! preprocessing.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use multi_input_base::{Error, Result};
use multi_input_data::{
    preprocess::{open_statistics, seal_statistics, Counts, FittedFields, Fitting, Preprocessing},
    reading::{NumberedTable, RowFilter, ShardRows},
    SavedRows, SkipRefused, Skipped, Table,
};
use serde::{Deserialize, Serialize};

use super::{
    check::ok_unless,
    fingerprint::{Fingerprint, PartSums},
    notices::{RowStatistics, SavedStatistics},
    setup::Setup,
    source_shards::SourceShards,
    untrained::reference_rows,
    weighting::{SampleWeightCheck, SavedCheck},
};
use crate::{
    cluster::{Reader, Writer},
    objective::RowWeights,
};

/// Rows per table while counting.
const ROWS_AT_ONCE: usize = 256;

/// Results of the first passes over a source.
pub(super) struct Counted {
    pub(super) fitted: Preprocessing,
    pub(super) rows: usize,
    /// The number of rows of each shard.
    pub(super) rows_of_shards: Vec<usize>,
    /// Bytes that all rows would take in memory.
    pub(super) bytes: usize,
    /// The checksum of the rows' values.
    pub(super) values: u32,
    pub(super) weights: Vec<SampleWeightCheck>,
    pub(super) statistics: RowStatistics,
    /// The rows that were left out.
    pub(super) skipped: Skipped,
    /// The first rows, kept if the model has a learned vector for an absent input.
    pub(super) first_rows: Option<Table>,
}

/// The accumulator of a counting pass.
struct Count {
    rows: usize,
    /// The rows of each shard that was merged.
    of_shards: Vec<usize>,
    bytes: usize,
    values: Fingerprint,
    weights: Vec<SampleWeightCheck>,
    statistics: RowStatistics,
    first_rows: Option<Table>,
}

/// The saved form of a [`Count`].
#[derive(Serialize, Deserialize)]
struct SavedCount {
    rows: usize,
    bytes: usize,
    values: PartSums,
    weights: Vec<SavedCheck>,
    statistics: SavedStatistics,
    first_rows: Option<SavedRows>,
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

    /// The rows so far, for [`merge`](Count::merge).
    ///
    /// # Errors
    /// None but that of the serializer.
    fn save(&self) -> Result<Vec<u8>> {
        let saved = SavedCount {
            rows: self.rows,
            bytes: self.bytes,
            values: self.values.parts(),
            weights: self.weights.iter().map(SampleWeightCheck::save).collect(),
            statistics: self.statistics.save(),
            first_rows: self.first_rows.as_ref().map(Table::save_rows),
        };
        let sealed = seal_statistics(self.statistics.graph(), &saved);
        sealed.map_err(|reason| Error::Settings(vec![reason]))
    }

    /// Adds the rows that follow, which another process has counted for the same training.
    ///
    /// # Errors
    /// [`Error::Settings`] if the bytes are not those of [`save`](Count::save).
    fn merge(&mut self, later: &[u8]) -> Result<()> {
        let refused = |reason| Error::Settings(vec![reason]);
        let later: SavedCount = open_statistics(self.statistics.graph(), later).map_err(refused)?;
        if let (Some(first_rows), Some(later)) = (&mut self.first_rows, later.first_rows) {
            let limit = reference_rows(self.statistics.graph()).saturating_sub(self.rows);
            first_rows.append_saved(later, limit).map_err(refused)?;
        }
        self.rows += later.rows;
        self.of_shards.push(later.rows);
        self.bytes += later.bytes;
        self.values.merge(later.values);
        self.weights.iter_mut().zip(later.weights).for_each(|(own, later)| own.merge(later));
        self.statistics.merge(later.statistics);
        Ok(())
    }

    fn end(self, fitted: Preprocessing, skipped: Skipped) -> Result<Counted> {
        let Count { rows, of_shards, bytes, values, weights, mut statistics, first_rows } = self;
        if rows == 0 {
            return Err(Error::NoRows("train on"));
        }
        let mistakes = weights.iter().filter_map(|of| of.mistake().map(str::to_owned)).collect();
        statistics.check_known("train on")?;
        statistics.learn_labels(&fitted);
        statistics.add_vocabularies(&fitted);
        let values = values.value();
        let rows_of_shards = if of_shards.is_empty() { vec![rows] } else { of_shards };
        let counted = Counted {
            fitted,
            rows,
            rows_of_shards,
            bytes,
            values,
            weights,
            statistics,
            skipped,
            first_rows,
        };
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
    pub(super) fn count(&self, rows: &SourceShards<'_>, kept: &FittedFields) -> Result<Counted> {
        match (self.complete(kept), rows.source.skips()) {
            (Some(fitted), skips) => self.count_accepted(rows, fitted, skips),
            (None, None) => self.fit_and_count(rows, kept),
            (None, Some(skips)) => self.fit_skipping(rows, skips, kept),
        }
    }

    /// Preprocessing for the rows of several ranks, unfitted except for the fields that are `kept`.
    ///
    /// # Errors
    /// [`Error::Settings`] on a cluster, for a step of the user's own whose statistics do not merge.
    fn fitting(&self, rows: &SourceShards<'_>, kept: &FittedFields) -> Result<Fitting> {
        let fitting = self.weighting.fitting(kept);
        match rows.cluster.as_ref().and_then(|_| fitting.unmergeable()) {
            Some(mistake) => Err(Error::Settings(vec![mistake])),
            None => Ok(fitting),
        }
    }

    /// One pass over the rows of this rank, by `read`. The statistics of `fitting`, and the count if
    /// there is one, are then those of the rows of all ranks.
    fn pass_together(
        &self,
        rows: &SourceShards<'_>,
        fitting: &mut Fitting,
        count: Option<&mut Count>,
        mut read: impl FnMut(&ShardRows, &mut Fitting, Option<&mut Count>) -> Result<()>,
    ) -> Result<()> {
        let mut count = count;
        let Some(cluster) = &rows.cluster else {
            let mut own = rows.own.iter();
            return own.try_for_each(|shard| read(shard, fitting, count.as_deref_mut()));
        };
        let counts = count.is_some();
        let parts = rows.each(cluster, |shard| {
            fitting.set_part(shard.shard().index as u64);
            fitting.restart_pass();
            let mut count = counts.then(|| self.start_count());
            read(shard, fitting, count.as_mut())?;
            let mut part = Writer::default();
            part.bytes(&fitting.pass_state()?);
            count
                .map(|count| count.save())
                .transpose()?
                .into_iter()
                .for_each(|count| part.bytes(&count));
            Ok(part.0)
        })?;
        fitting.restart_pass();
        for part in parts {
            let mut reader = Reader(&part);
            fitting.merge_pass(reader.bytes()?)?;
            if let Some(count) = &mut count {
                count.merge(reader.bytes()?)?;
            }
        }
        Ok(())
    }

    /// Fits the preprocessing and counts the rows in the same passes. A pass that collects labels
    /// does not count, because class weights are not known yet.
    fn fit_and_count(&self, rows: &SourceShards<'_>, kept: &FittedFields) -> Result<Counted> {
        let (mut fitting, mut count) = (self.fitting(rows, kept)?, self.start_count());
        let mut counted = false;
        while !counted || !fitting.is_done() {
            let counting_pass = !counted && !fitting.is_for_labels();
            let counting = counting_pass.then_some(&mut count);
            self.pass_together(rows, &mut fitting, counting, |shard, fitting, mut count| {
                self.pass((rows, shard), RowFilter::by(None, |_| Ok(())), |numbered| {
                    let weights = self.weights_while_fitting(&numbered, fitting);
                    let counts = |output: usize, row: usize| weights.counts(output, row);
                    if let Some(count) = &mut count {
                        count.take(&numbered, &counts);
                    }
                    observe(fitting, &numbered, &counts)
                })
            })?;
            fitting.end_pass();
            counted |= counting_pass;
        }
        count.end(fitting.finish()?, Skipped::default())
    }

    /// Counts the rows that `fitted` accepts, and records their values beside those that it was
    /// fitted on.
    fn count_accepted(
        &self,
        rows: &SourceShards<'_>,
        fitted: Preprocessing,
        skips: Option<&dyn SkipRefused>,
    ) -> Result<Counted> {
        let (mut count, mut observed) = (self.start_count(), fitted.clone());
        let Some(cluster) = &rows.cluster else {
            let mut own = rows.own.iter();
            own.try_for_each(|shard| {
                self.count_shard((rows, shard), &fitted, skips, (&mut count, &mut observed))
            })?;
            return count.end(observed, skips.map(SkipRefused::skipped).unwrap_or_default());
        };
        let parts = rows.each(cluster, |shard| {
            let (mut count, mut observed) = (self.start_count(), fitted.clone());
            self.count_shard((rows, shard), &fitted, skips, (&mut count, &mut observed))?;
            let mut part = Writer::default();
            part.bytes(&count.save()?);
            part.bytes(&observed.observed()?);
            // A source counts those of its last pass, which was one over this shard.
            let skipped = skips.map(SkipRefused::skipped).unwrap_or_default();
            part.number(skipped.rows);
            part.list(&skipped.reasons);
            Ok(part.0)
        })?;
        let mut skipped = Skipped::default();
        for part in parts {
            let mut reader = Reader(&part);
            count.merge(reader.bytes()?)?;
            observed.merge_observed(reader.bytes()?)?;
            skipped.rows += reader.number()?;
            let reasons = reader.list()?.into_iter();
            skipped
                .reasons
                .extend(reasons.map(|reason| String::from_utf8_lossy(reason).into_owned()));
        }
        count.end(observed, skipped)
    }

    /// [`count_accepted`](Self::count_accepted) for the rows of a shard.
    fn count_shard(
        &self,
        rows: (&SourceShards<'_>, &ShardRows),
        fitted: &Preprocessing,
        skips: Option<&dyn SkipRefused>,
        (count, observed): (&mut Count, &mut Preprocessing),
    ) -> Result<()> {
        let filter = RowFilter::by(skips, |table| fitted.check_samples(table));
        self.pass(rows, filter, |numbered| {
            let by_row = self.weighting.by_sample_weights(numbered.answers.iter().cloned());
            let known = |output: usize, row: usize| by_row.counts(output, row);
            let by_class = fitted
                .classes_where(numbered.table.clone(), &known, 0)
                .map_err(|error| numbered.renumber(error))?;
            let weights = self.weighting.with_classes(by_row, &by_class);
            let counts = |output: usize, row: usize| weights.counts(output, row);
            let all: Vec<usize> = (0..numbered.len()).collect();
            observed.observe(&numbered.table, &all, &counts);
            count.take(&numbered, &counts);
            Ok(())
        })
    }

    /// Fits and counts with refused rows left out. Only fitted preprocessing decides which rows are
    /// refused, so rows are counted after fitting. If a step has learned from a row that a later
    /// step refuses, all steps are fitted once more without that row. There is no third fit:
    /// removing one extreme row can make the next row the extreme, down to the last.
    fn fit_skipping(
        &self,
        rows: &SourceShards<'_>,
        skips: &dyn SkipRefused,
        kept: &FittedFields,
    ) -> Result<Counted> {
        let mut refused = BTreeSet::new();
        let (fitted, mut late) = self.fit_without(rows, &mut refused, kept)?;
        let recording = Recording::new(Some(skips));
        let counted = self.count_accepted(rows, fitted, Some(&recording))?;
        late.extend(rows.union(recording.rows())?);
        if late.is_subset(&refused) {
            return Ok(counted);
        }
        refused.extend(late);
        let (fitted, _) = self.fit_without(rows, &mut refused, kept)?;
        self.count_accepted(rows, fitted, Some(skips))
    }

    /// Preprocessing fitted without the `refused` rows, and the rows refused in later passes. Rows
    /// refused in the first pass are added to `refused`.
    fn fit_without(
        &self,
        rows: &SourceShards<'_>,
        refused: &mut BTreeSet<usize>,
        kept: &FittedFields,
    ) -> Result<(Preprocessing, BTreeSet<usize>)> {
        let (mut fitting, mut late) = (self.fitting(rows, kept)?, BTreeSet::new());
        let mut first = true;
        while first || !fitting.is_done() {
            let recording = Recording::new(None);
            self.pass_together(rows, &mut fitting, None, |shard, fitting, _| {
                let filter = RowFilter::by(Some(&recording), |_| Ok(()));
                self.pass((rows, shard), filter, |numbered| {
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
                    let weights = self.weights_while_fitting(&numbered, fitting);
                    observe(fitting, &numbered, &|output, row| weights.counts(output, row))
                })
            })?;
            fitting.end_pass();
            let new = if first { &mut *refused } else { &mut late };
            new.extend(rows.union(recording.rows())?);
            first = false;
        }
        Ok((fitting.finish()?, late))
    }

    /// The row weights as far as they are known while preprocessing is fitted.
    fn weights_while_fitting(&self, numbered: &NumberedTable, fitting: &Fitting) -> RowWeights {
        let by_row = self.weighting.by_sample_weights(numbered.answers.iter().cloned());
        self.weighting.while_fitting(by_row, &numbered.table, fitting)
    }

    /// One pass over a shard of the source; the tables carry the sample weights of their rows.
    fn pass(
        &self,
        (rows, shard): (&SourceShards<'_>, &ShardRows),
        filter: RowFilter<'_>,
        mut take: impl FnMut(NumberedTable) -> Result<()>,
    ) -> Result<()> {
        rows.source.pass(shard, ROWS_AT_ONCE, filter, &mut |tables| {
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
            of_shards: Vec::new(),
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

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use multi_input_data::preprocess::push_sample;

    use super::*;
    use crate::{definition::Graph, multi_input_model};

    #[multi_input_model(crate = crate)]
    struct Shop {
        #[input]
        #[branch(Embedding(9, 2))]
        kind: u32,
        #[input(missing = learned)]
        #[branch(Dense(2))]
        size: Option<f32>,
        #[merge(add(kind, size))]
        #[branch(Dense(1))]
        #[output(loss = mse)]
        price: Option<f32>,
        #[from(kind)]
        #[branch(Dense(3, softmax))]
        #[output(loss = cross_entropy, categories)]
        town: Class<3>,
        #[from(kind)]
        #[branch(Dense(2, sigmoid))]
        #[output(loss = binary_cross_entropy)]
        open: [bool; 2],
    }

    static GRAPH: Graph = Shop::GRAPH;

    fn start() -> Count {
        Count {
            rows: 0,
            of_shards: Vec::new(),
            bytes: 0,
            values: Fingerprint::default(),
            weights: vec![SampleWeightCheck::new("price")],
            statistics: RowStatistics::new(&GRAPH),
            first_rows: Some(Table::of_samples(&GRAPH)),
        }
    }

    /// The count of some rows, of which every fifth has an invalid weight.
    fn count(rows: Range<usize>) -> Count {
        let mut numbered = NumberedTable::empty(Table::of_samples(&GRAPH), 1);
        for row in rows {
            let sample = ShopSample {
                kind: (row * row % 9) as u32,
                size: (row % 3 > 0).then_some(row as f32),
                price: (row % 4 > 0).then_some((row / 8) as f32),
                town: ["a", "b", "c"][row % 7 % 3].into(),
                open: [row > 2, row % 2 == 0],
            };
            push_sample::<Shop>(&mut numbered.table, &sample).unwrap();
            numbered.row_numbers.push(row);
            numbered.answers[0].push(if row % 5 == 4 { -1.0 } else { row as f64 });
        }
        let mut count = start();
        count.take(&numbered, &|_, _| true);
        count
    }

    fn statistics(count: &Count) -> Vec<u8> {
        seal_statistics(count.statistics.graph(), &count.statistics.save()).unwrap()
    }

    #[test]
    fn counts_of_parts_are_the_count_of_all_rows() {
        let whole = count(0..700);
        let parts = |cuts: &[usize]| {
            let mut merged = start();
            for pair in cuts.windows(2) {
                merged.merge(&count(pair[0]..pair[1]).save().unwrap()).unwrap();
            }
            merged
        };
        for cuts in [&[0, 700][..], &[0, 0, 350, 700], &[0, 3, 3, 90, 600, 650, 699, 700]] {
            let merged = parts(cuts);
            assert_eq!((merged.rows, merged.bytes), (700, whole.bytes));
            assert_eq!(statistics(&merged), statistics(&whole));
            assert_eq!(merged.first_rows, whole.first_rows);
            let mistake = "the sample weight of row 4 for output `price` must be a number of at \
                           least 0, but is -1";
            assert_eq!(merged.weights[0].mistake(), Some(mistake));
            let is_one = cuts.len() == 2;
            assert_eq!(merged.values.value() == whole.values.value(), is_one);
            let fingerprints = [&merged, &whole].map(|count| count.weights[0].fingerprint());
            assert_eq!(fingerprints[0] == fingerprints[1], is_one);
        }
        let (mut some, none) = (count(0..3), start());
        some.merge(&none.save().unwrap()).unwrap();
        assert_eq!(some.save().unwrap(), count(0..3).save().unwrap(), "a part without rows");
        assert_eq!(whole.first_rows.map(|rows| rows.rows), Some(512));
    }

    #[test]
    fn damaged_counts_are_refused() {
        let saved = count(0..3).save().unwrap();
        for index in 0..saved.len() {
            let mut damaged = saved.clone();
            damaged[index] ^= 1;
            assert!(start().merge(&damaged).is_err(), "{index}");
        }
    }
}
