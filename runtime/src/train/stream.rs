//! The batches of a source, read and preprocessed on a thread of its own while the model trains.

use std::sync::mpsc::{Receiver, SyncSender};

use super::{
    row_weights::of_classes,
    rows::Rows,
    trainer::{ClassWeights, SampleWeight},
    RowWeights, Shuffle,
};
use crate::{
    data::{read_ahead, renumber, Source, Table},
    definition::Definition,
    layer::Draw,
    preprocess::Preprocessing,
    seed::{self, Generator, Seed},
    Error, Result,
};

/// How many batches wait at most.
pub(super) const WAITING: usize = 4;

/// The batches as they come from the other thread.
pub(super) struct Stream(pub(super) Receiver<Result<Rows>>);

impl Stream {
    /// The rows of the next batch.
    pub(super) fn next(&mut self) -> Result<Rows> {
        let ended = |_| Error::Device("the thread that reads the rows has ended".to_owned());
        self.0.recv().map_err(ended)?
    }
}

/// What prepares the batches: pass after pass over the source, each in an order of its own.
///
/// Rows are mixed as `tf.data` does it: as many as the window holds are kept, one of them is drawn
/// by lot, and the next row takes its place. So the reading never pauses, and the order depends on
/// seed and pass only.
pub(super) struct Feed<'a, M: Definition, S> {
    pub(super) source: &'a S,
    pub(super) fitted: Preprocessing,
    pub(super) sample_weights: &'a [SampleWeight<M>],
    pub(super) class_weights: &'a [ClassWeights],
    pub(super) seed: Seed,
    pub(super) shuffle: Shuffle,
    pub(super) window: usize,
    pub(super) batch_size: usize,
    /// How many rows a pass has.
    pub(super) rows: usize,
    /// The number of the first batch, from the beginning of the training.
    pub(super) first_batch: u64,
}

/// A row with its place in the source.
type Numbered<R> = (usize, R);

impl<M: Definition, S: Source<Row = M::Sample>> Feed<'_, M, S> {
    /// Hands over batches until nobody takes them any more, or something is wrong.
    pub(super) fn run(self, to: &SyncSender<Result<Rows>>) {
        let batches = self.rows.div_ceil(self.batch_size).max(1) as u64;
        let (mut pass, mut skipped) = (self.first_batch / batches, self.first_batch % batches);
        loop {
            match self.pass(pass, skipped, to) {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    // Nobody may be left to hear it.
                    let _ = to.send(Err(error));
                    return;
                }
            }
            (pass, skipped) = (pass + 1, 0);
        }
    }

    /// One pass, but for its first `skipped` batches; whether somebody waits for the next.
    fn pass(&self, pass: u64, skipped: u64, to: &SyncSender<Result<Rows>>) -> Result<bool> {
        read_ahead(self.source, self.batch_size, |rows| self.batches(rows, (pass, skipped), to))
    }

    /// Makes batches of the rows of a pass.
    fn batches(
        &self,
        rows: &mut dyn Iterator<Item = Result<M::Sample>>,
        (pass, skipped): (u64, u64),
        to: &SyncSender<Result<Rows>>,
    ) -> Result<bool> {
        let mut batch = Vec::with_capacity(self.batch_size);
        let (mut number, mut count) = (0, 0);
        for row in self.mixed(rows, pass) {
            batch.push(row?);
            count += 1;
            if batch.len() == self.batch_size || count == self.rows {
                let draw = self.draw(pass, number);
                if number >= skipped && to.send(Ok(self.prepare(&batch, draw)?)).is_err() {
                    return Ok(false);
                }
                number += 1;
                batch.clear();
            }
        }
        match count == self.rows {
            true => Ok(true),
            false => Err(Error::Settings(vec![format!(
                "a source gives the same rows in every pass, but this one gave {} in the first and \
                 {count} in a later one",
                self.rows
            )])),
        }
    }

    /// The rows of a pass in its order.
    fn mixed<'r>(
        &self,
        rows: &'r mut dyn Iterator<Item = Result<M::Sample>>,
        pass: u64,
    ) -> impl Iterator<Item = Result<Numbered<M::Sample>>> + use<'r, M, S> {
        let mut rows = rows.enumerate();
        let mut generator = self.seed.generator(seed::Stream::Shuffling, pass);
        let window = match self.shuffle {
            Shuffle::EachEpoch => self.window,
            Shuffle::Never => 1,
        };
        let mut kept: Vec<Numbered<M::Sample>> = Vec::new();
        std::iter::from_fn(move || loop {
            match rows.next() {
                Some((number, Ok(row))) if kept.len() < window => kept.push((number, row)),
                Some((number, Ok(row))) => {
                    let place = generator.below(kept.len());
                    return Some(Ok(std::mem::replace(&mut kept[place], (number, row))));
                }
                Some((_, Err(error))) => return Some(Err(error)),
                None => return draw(&mut kept, &mut generator).map(Ok),
            }
        })
    }

    /// What changes the rows of a batch at random.
    fn draw(&self, pass: u64, batch: u64) -> Draw {
        let batches = self.rows.div_ceil(self.batch_size).max(1) as u64;
        let seed = self.seed.stream(seed::Stream::Augmentation);
        Draw { seed, layer: 0, step: pass * batches + batch }
    }

    /// A batch as the model takes it.
    fn prepare(&self, batch: &[Numbered<M::Sample>], draw: Draw) -> Result<Rows> {
        let numbers: Vec<usize> = batch.iter().map(|(number, _)| *number).collect();
        let mut raw = Table::of_samples(&M::GRAPH);
        let mut weights = RowWeights::default();
        let rows = || -> Result<Rows> {
            for (_, row) in batch {
                raw.push(|writer| M::write_sample(row, writer))?;
            }
            let raw = self.fitted.classes(raw, 0)?;
            self.weigh(batch, &raw, &mut weights)?;
            Rows::numbered(raw, &self.fitted, weights, (0, Some(draw)))
        };
        rows().map_err(|error| renumber(error, |row| numbers.get(row).copied().unwrap_or(row)))
    }

    fn weigh(
        &self,
        batch: &[Numbered<M::Sample>],
        raw: &Table,
        weights: &mut RowWeights,
    ) -> Result<()> {
        for by_row in self.sample_weights {
            let of = |(number, row): &Numbered<M::Sample>| match (by_row.weight)(row) {
                weight if weight >= 0.0 && weight.is_finite() => Ok(f64::from(weight)),
                weight => Err(Error::Settings(vec![format!(
                    "the sample weight of row {number} for output `{}` must be a number of at \
                     least 0, but is {weight}",
                    by_row.output
                )])),
            };
            weights.scale(by_row.index, batch.iter().map(of).collect::<Result<Vec<_>>>()?);
        }
        for by_class in self.class_weights {
            if let Some(column) = raw.columns.get(M::GRAPH.inputs.len() + by_class.index) {
                weights.scale(by_class.index, of_classes(column, &by_class.weights));
            }
        }
        Ok(())
    }
}

/// Takes one of the rows that are left, by lot.
fn draw<R>(kept: &mut Vec<R>, generator: &mut Generator) -> Option<R> {
    match kept.len() {
        0 => None,
        left => Some(kept.swap_remove(generator.below(left))),
    }
}
