//! The rows of the next batch.

use multi_input_base::Result;
use multi_input_kernel::{Backend, Element};

use super::run::Run;
use crate::objective::{Rows, WholeBatch};

/// The rows of a batch that are those of this rank.
pub(super) struct BatchRows {
    /// The targets of the batch; `None` if it has one shard, this rank's.
    pub(super) whole: Option<WholeBatch>,
    pub(super) shards: Vec<BatchShard>,
}

/// The rows of a shard of a batch.
pub(super) struct BatchShard {
    /// The number of the shard.
    pub(super) shard: usize,
    /// The number of rows in the shards before.
    pub(super) first_row: usize,
    /// The numbers of its rows in the run's rows, or in rows of its own, which a source gave.
    pub(super) numbers: Vec<usize>,
    pub(super) own: Option<Rows>,
}

impl BatchShard {
    /// What a rank without a shard computes where shards meet: no rows, so that it gets the same
    /// running statistics. It counts as none of the `shards` shards.
    pub(super) fn observer(shards: usize) -> BatchShard {
        BatchShard { shard: shards, first_row: 0, numbers: Vec::new(), own: None }
    }

    /// Whether it has the first row of the batch. What does not depend on rows counts in this shard.
    pub(super) fn is_first(&self) -> bool {
        self.first_row == 0 && !self.numbers.is_empty()
    }

    /// All rows of a batch.
    fn only(numbers: Vec<usize>) -> BatchShard {
        BatchShard { shard: 0, first_row: 0, numbers, own: None }
    }
}

impl<E: Element, D: Backend<E>> Run<'_, E, D> {
    /// The rows of this rank's shards of the next batch.
    pub(super) fn next_rows(&mut self) -> Result<BatchRows> {
        let number = self.batch_number();
        let Some(streams) = &mut self.streams else {
            let numbers = self.order.batch(number);
            let Some(ranks) = &self.ranks else {
                let numbers = numbers.to_vec();
                return Ok(BatchRows { whole: None, shards: vec![BatchShard::only(numbers)] });
            };
            let whole = WholeBatch::of(self.model.graph(), &self.rows.take(numbers));
            let shards = ranks.shards.own.clone().map(|shard| {
                let rows = ranks.shards.rows(shard, numbers.len());
                let first_row = rows.start;
                BatchShard { shard, first_row, numbers: numbers[rows].to_vec(), own: None }
            });
            return Ok(BatchRows { whole: Some(whole), shards: shards.collect() });
        };
        let of_shards = streams.shares.of_batch(number % streams.shares.batches());
        let first = self.ranks.as_ref().map_or(0, |ranks| ranks.shards.own.start);
        let mut shards = Vec::new();
        for (shard, stream) in (first..).zip(&mut streams.of_shards) {
            let rows = stream.next()?;
            let first_row = of_shards[..shard].iter().sum();
            let numbers = (0..rows.len()).collect();
            shards.push(BatchShard { shard, first_row, numbers, own: Some(rows) });
        }
        let whole = self.whole_of(&shards, of_shards.iter().sum())?;
        Ok(BatchRows { whole, shards })
    }
    /// The targets of a batch of `rows` rows of a source, of which this rank has some shards.
    fn whole_of(&self, shards: &[BatchShard], rows: usize) -> Result<Option<WholeBatch>> {
        let Some(ranks) = &self.ranks else { return Ok(None) };
        let graph = self.model.graph();
        let mut outputs = graph.outputs.iter();
        if outputs.all(|output| !output.optional && !output.labels && !output.learned_weight) {
            // All rows know all targets.
            let (known, counts) =
                (vec![rows; graph.outputs.len()], vec![false; graph.outputs.len()]);
            return Ok(Some(WholeBatch { rows, known, counts }));
        }
        let mut own = WholeBatch::none(graph);
        for shard in shards {
            if let Some(rows) = &shard.own {
                own.add(&WholeBatch::of(graph, &rows.take(&shard.numbers)));
            }
        }
        ranks.whole(graph, &own).map(Some)
    }
}
