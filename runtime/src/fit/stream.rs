//! The batches of a source, read and preprocessed on another thread while the model trains.

use std::sync::{
    mpsc::{Receiver, SyncSender},
    Arc,
};

use multi_input_base::{Error, Result, Seed};
use multi_input_data::{
    preprocess::Preprocessing,
    reading::{cut_to, rows_within, NumberedTable, RowFilter, Shard, ShardRows},
    SkipRefused, Table,
};
use multi_input_nn::layer::RngKey;

use super::{
    settings::Shuffle,
    shares::Shares,
    shuffle_buffer::{ShuffleBuffer, Window},
    weighting::Weighting,
};
use crate::{
    definition::Graph,
    objective::{RowWeights, Rows},
};

/// The maximum number of prefetched batches, fewer if batches are large. A batch holds its rows
/// twice: raw and encoded.
pub(super) fn batches_waiting(graph: &Graph, batch_size: usize) -> usize {
    const MOST: usize = 4;
    const MOST_BYTES: usize = 64 << 20;
    MOST.min(rows_within(graph, MOST_BYTES / 2) / batch_size.max(1))
}

/// The receiving end of the batches.
pub(super) struct Stream(pub(super) Receiver<Result<Rows>>);

impl Stream {
    /// The rows of the next batch.
    pub(super) fn next(&mut self) -> Result<Rows> {
        let ended = |_| Error::Device("the thread that reads the rows has ended".to_owned());
        self.0.recv().map_err(ended)?
    }
}

/// The batches of the shards of this rank.
pub(super) struct Streams {
    pub(super) of_shards: Vec<Stream>,
    pub(super) shares: Shares,
}

/// The producer of a shard's batches: pass after pass over the source, each in its own order.
///
/// Rows are shuffled in a buffer, see [`ShuffleBuffer`]; the order depends on seed and pass only.
pub(super) struct Feed<'a> {
    pub(super) source: &'a dyn RowsOfSource,
    pub(super) fitted: Preprocessing,
    pub(super) weighting: Arc<Weighting>,
    pub(super) seed: Seed,
    pub(super) shuffle: Shuffle,
    pub(super) window: Window,
    /// The shard that is read, and its rows among those of the others.
    pub(super) shard: ShardRows,
    pub(super) shares: Shares,
    /// The number of the first batch, counted from the start of training.
    pub(super) first_batch: u64,
}

impl Feed<'_> {
    /// Sends batches until the receiver is dropped or an error occurs.
    pub(super) fn run(self, to: &SyncSender<Result<Rows>>) {
        let batches = self.shares.batches();
        let (mut pass, mut skipped) = (self.first_batch / batches, self.first_batch % batches);
        loop {
            match self.pass(pass, skipped, to) {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    // The receiver may be gone.
                    let _ = to.send(Err(error));
                    return;
                }
            }
            (pass, skipped) = (pass.wrapping_add(1), 0);
        }
    }

    /// One pass without its first `skipped` batches; returns whether the receiver is still there.
    fn pass(&self, pass: u64, skipped: u64, to: &SyncSender<Result<Rows>>) -> Result<bool> {
        let filter = RowFilter::by(self.source.skips(), |table| self.fitted.check_samples(table));
        let mut receiving = true;
        self.source.pass(
            &self.shard,
            self.shares.of_batch(0)[self.index()],
            filter,
            &mut |tables| {
                receiving = self.batches(tables, (pass, skipped), to)?;
                Ok(())
            },
        )?;
        Ok(receiving)
    }

    /// Sends the rows of a pass as batches.
    fn batches(
        &self,
        tables: &mut dyn Iterator<Item = Result<NumberedTable>>,
        (pass, skipped): (u64, u64),
        to: &SyncSender<Result<Rows>>,
    ) -> Result<bool> {
        let (mut found, expected) = (0, self.shares.rows(self.index()));
        let mine = |batch: u64| self.shares.of_batch(batch)[self.index()];
        // Of a shard with few rows, some batches have none.
        let counts = (0..self.shares.batches()).map(mine).filter(|count| *count > 0);
        let mut cut = cut_to(self.shuffled(tables, pass), counts.chain([usize::MAX]));
        for number in 0..self.shares.batches() {
            let of_shards = self.shares.of_batch(number);
            let first_row = of_shards[..self.index()].iter().sum::<usize>();
            let batch = match of_shards[self.index()] {
                0 => self.no_rows()?,
                count => match cut.next().transpose()? {
                    Some(batch) if batch.len() == count => {
                        found += count;
                        match number >= skipped {
                            true => self.prepare(batch, self.key(pass, number, first_row))?,
                            false => continue,
                        }
                    }
                    fewer => {
                        found += fewer.map_or(0, |batch| batch.len());
                        return Err(other_rows(expected, found));
                    }
                },
            };
            if number >= skipped && to.send(Ok(batch)).is_err() {
                return Ok(false);
            }
        }
        match cut.next().transpose()? {
            Some(more) => Err(other_rows(expected, found + more.len())),
            None => Ok(true),
        }
    }

    /// The index of the shard.
    fn index(&self) -> usize {
        self.shard.shard().index
    }

    /// The shard's part of a batch of which it has no rows.
    fn no_rows(&self) -> Result<Rows> {
        let none = Table::of_samples(self.weighting.graph);
        Rows::new(none, &self.fitted, RowWeights::default())
    }

    /// The rows of a pass in shuffled order.
    fn shuffled<'r>(
        &self,
        tables: &'r mut dyn Iterator<Item = Result<NumberedTable>>,
        pass: u64,
    ) -> impl Iterator<Item = Result<NumberedTable>> + use<'r> {
        let window = match self.shuffle {
            Shuffle::EachEpoch => self.window,
            Shuffle::Never => Window { rows: 1, ..self.window },
        };
        // Every shard has an order of its own.
        let shard = self.shard.shard();
        let order = pass.wrapping_mul(shard.count as u64).wrapping_add(shard.index as u64);
        let mut shuffle_buffer = ShuffleBuffer::new(
            window,
            self.seed.generator(multi_input_base::Stream::Shuffling, order),
        );
        std::iter::from_fn(move || match tables.next() {
            Some(numbered) => Some(numbered.map(|numbered| shuffle_buffer.push(numbered))),
            None => shuffle_buffer.drain().map(Ok),
        })
    }

    /// The random key for augmenting the shard's part of a batch.
    fn key(&self, pass: u64, batch: u64, first_row: usize) -> RngKey {
        let batches = self.shares.batches();
        let seed = self.seed.stream(multi_input_base::Stream::Augmentation);
        let step = pass.wrapping_mul(batches).wrapping_add(batch);
        RngKey { seed, step, first_row: first_row as u64, ..RngKey::default() }
    }

    /// Encodes a batch.
    fn prepare(&self, batch: NumberedTable, key: RngKey) -> Result<Rows> {
        let (table, sample_weights, by_row) = batch.into_parts();
        let weights = self.weighting.by_sample_weights(sample_weights);
        let counts = |output: usize, row: usize| weights.counts(output, row);
        let rows = self.fitted.classes_where(table, &counts, 0).and_then(|raw| {
            let weights = self.weighting.with_classes(weights.clone(), &raw);
            Rows::numbered(raw, &self.fitted, weights, (0, Some(key)))
        });
        rows.map_err(by_row)
    }
}

/// The error of a source that changes while it is read.
fn other_rows(expected: usize, found: usize) -> Error {
    Error::Settings(vec![format!(
        "a source gives the same rows in every pass, but this one gave {expected} in the first and \
         {found} in a later one"
    )])
}

/// The training rows of a source, independent of its type and the type of the model.
#[doc(hidden)]
pub trait RowsOfSource: Sync {
    /// Calls `take` with all rows of a shard that the filter accepts, in tables of about `at_once`
    /// rows, with the sample weights of the rows.
    #[allow(private_interfaces)] // The trait cannot be named from outside.
    fn pass(
        &self,
        shard: &ShardRows,
        at_once: usize,
        filter: RowFilter<'_>,
        take: &mut dyn FnMut(&mut dyn Iterator<Item = Result<NumberedTable>>) -> Result<()>,
    ) -> Result<()>;

    /// The rows of some shards. `gather` gets their numbers of rows, and returns those of all shards.
    fn find(&self, shards: &[Shard], gather: GatherCounts<'_>) -> Result<Vec<ShardRows>>;

    /// The sink for refused rows, if they are skipped.
    fn skips(&self) -> Option<&dyn SkipRefused>;
}

/// Exchanges numbers of rows with other ranks.
#[allow(unreachable_pub)] // It appears in a public trait.
pub type GatherCounts<'a> = &'a mut dyn FnMut(&[usize]) -> Result<Vec<usize>>;
