//! The rows of the next batch.

use multi_input_base::Result;
use multi_input_kernel::{Backend, Element};

use super::run::Run;
use crate::objective::{Rows, WholeBatch};

/// The rows of a batch that are those of this rank.
pub(super) struct BatchRows {
    /// The targets of the batch; `None` if it has one shard, this rank's.
    pub(super) whole: Option<WholeBatch>,
    pub(super) shards: Vec<ShardRows>,
}

/// The rows of a shard of a batch.
pub(super) struct ShardRows {
    /// The number of the shard.
    pub(super) shard: usize,
    /// The number of rows in the shards before.
    pub(super) first_row: usize,
    /// The numbers of its rows in the run's rows, or in rows of its own, which a source gave.
    pub(super) numbers: Vec<usize>,
    pub(super) own: Option<Rows>,
}

impl ShardRows {
    /// What a rank without a shard computes where shards meet: no rows, so that it gets the same
    /// running statistics. It counts as none of the `shards` shards.
    pub(super) fn observer(shards: usize) -> ShardRows {
        ShardRows { shard: shards, first_row: 0, numbers: Vec::new(), own: None }
    }

    /// Whether it has the first row of the batch. What does not depend on rows counts in this shard.
    pub(super) fn is_first(&self) -> bool {
        self.first_row == 0 && !self.numbers.is_empty()
    }

    /// All rows of a batch.
    fn only(numbers: Vec<usize>, own: Option<Rows>) -> ShardRows {
        ShardRows { shard: 0, first_row: 0, numbers, own }
    }
}

impl<E: Element, D: Backend<E>> Run<'_, E, D> {
    /// The rows of this rank's shards of the next batch.
    pub(super) fn next_rows(&mut self) -> Result<BatchRows> {
        let number = self.batch_number();
        let Some(stream) = &mut self.stream else {
            let numbers = self.order.batch(number);
            let Some(ranks) = &self.ranks else {
                let numbers = numbers.to_vec();
                return Ok(BatchRows { whole: None, shards: vec![ShardRows::only(numbers, None)] });
            };
            let whole = WholeBatch::of(self.model.graph(), &self.rows.take(numbers));
            let shards = ranks.shards.own.clone().map(|shard| {
                let rows = ranks.shards.rows(shard, numbers.len());
                let first_row = rows.start;
                ShardRows { shard, first_row, numbers: numbers[rows].to_vec(), own: None }
            });
            return Ok(BatchRows { whole: Some(whole), shards: shards.collect() });
        };
        let rows = stream.next()?;
        let numbers = (0..rows.len()).collect();
        Ok(BatchRows { whole: None, shards: vec![ShardRows::only(numbers, Some(rows))] })
    }
}
