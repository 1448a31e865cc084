//! Sources of a model's rows as the training loop reads them: tables of samples.

use std::marker::PhantomData;

use multi_input_base::Result;
use multi_input_data::{
    preprocess::Preprocessing,
    reading::{read_ahead, samples, NumberedTable, RowFilter, RowQuery, Shard, ShardRows},
    BlockRequest, RowSlice, SkipRefused, Source, Table,
};

use crate::{
    definition::Definition,
    fit::{GatherCounts, RowsOfSource, SampleTables},
    objective::{check_targets, encode, sample_tables, RawTables},
};

/// Rows of the model `M` with inputs and targets, in memory: a [`RowSlice`] of its `..Sample`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` are no rows to train `{M}` on",
    label = "expected its rows with inputs and targets, `&[..Sample]`: `&rows` of a vector"
)]
pub trait SamplesOf<M> {
    #[doc(hidden)]
    fn encode(&self, purpose: &'static str) -> Result<Table>;
}

#[diagnostic::do_not_recommend]
impl<S: RowSlice<M::Sample>, M: Definition> SamplesOf<M> for S {
    fn encode(&self, purpose: &'static str) -> Result<Table> {
        encode::<M>(self.rows(), purpose)
    }
}

/// The sample-weight function of an output.
pub(super) struct SampleWeight<M> {
    pub(super) index: usize,
    pub(super) output: &'static str,
    pub(super) weight: Box<dyn RowWeight<M> + Send + Sync>,
}

/// A function of a sample. Its type does not ask for a model's rows, so that a trainer can do without.
pub(super) trait RowWeight<M> {
    fn weight(&self, row: &M::Sample) -> f32
    where
        M: Definition;
}

impl<M: Definition, F: Fn(&M::Sample) -> f32> RowWeight<M> for F {
    fn weight(&self, row: &M::Sample) -> f32 {
        self(row)
    }
}

/// The samples of a model from a source, for validation.
pub(super) struct ValidationSource<M, S>(pub(super) S, pub(super) PhantomData<fn() -> M>);

impl<M: Definition, S: Source<Row = M::Sample>> SampleTables for ValidationSource<M, S> {
    fn each(
        &self,
        fitted: &Preprocessing,
        (shard, at_once): (&ShardRows, usize),
        take: &mut dyn FnMut(RawTables<'_>) -> Result<()>,
    ) -> Result<()> {
        sample_tables::<M, S, _>(&self.0, fitted, (shard, at_once), take)
    }

    fn find(&self, shards: &[Shard], gather: GatherCounts<'_>) -> Result<Vec<ShardRows>> {
        let request = BlockRequest::samples::<M>(1, false);
        ShardRows::of(&self.0, &request, shards.iter().copied(), gather)
    }

    fn skips(&self) -> Option<&dyn SkipRefused> {
        self.0.skips()
    }
}

/// The samples of a model from a source, with their sample weights, for training.
pub(super) struct WeightedSamples<'a, M, S> {
    pub(super) source: &'a S,
    pub(super) by_row: &'a [SampleWeight<M>],
}

impl<M: Definition, S: Source<Row = M::Sample>> RowsOfSource for WeightedSamples<'_, M, S> {
    fn pass(
        &self,
        shard: &ShardRows,
        at_once: usize,
        filter: RowFilter<'_>,
        take: &mut dyn FnMut(&mut dyn Iterator<Item = Result<NumberedTable>>) -> Result<()>,
    ) -> Result<()> {
        let request = BlockRequest::samples::<M>(at_once, !self.by_row.is_empty());
        let request = request.with_shard(shard.clone());
        let asks: Vec<_> = self.by_row.iter().map(weigh).collect();
        let asks: Vec<RowQuery<'_, M::Sample>> =
            asks.iter().map(|ask| ask as RowQuery<'_, _>).collect();
        read_ahead(
            || samples::<M, S>(self.source, &request, &asks, filter, check_targets::<M>),
            take,
        )
    }

    fn find(&self, shards: &[Shard], gather: GatherCounts<'_>) -> Result<Vec<ShardRows>> {
        let request = BlockRequest::samples::<M>(1, !self.by_row.is_empty());
        ShardRows::of(self.source, &request, shards.iter().copied(), gather)
    }

    fn skips(&self) -> Option<&dyn SkipRefused> {
        self.source.skips()
    }
}

/// The sample weight of a row; it is validated when the rows are counted.
fn weigh<M: Definition>(
    by_row: &SampleWeight<M>,
) -> impl Fn(usize, &M::Sample) -> Result<f64> + Sync + '_ {
    |_, row| Ok(f64::from(by_row.weight.weight(row)))
}
