//! The order in which training rows are taken.

use multi_input_base::{Seed, Stream};

/// The order in which training rows are taken: pass after pass over all of them, each in an order
/// of its own, whatever an epoch is.
pub(super) struct Order {
    count: usize,
    /// Their numbers in the order of the pass; none before the first.
    rows: Vec<usize>,
    batch_size: usize,
    /// Seed of the shuffling; `None` where the rows stay in order.
    seed: Option<Seed>,
    pass: Option<u64>,
}

impl Order {
    pub(super) fn new(rows: usize, batch_size: usize, seed: Option<Seed>) -> Order {
        Order { count: rows, rows: Vec::new(), batch_size, seed, pass: None }
    }

    /// How many batches a pass has.
    pub(super) fn batches(&self) -> usize {
        self.count.div_ceil(self.batch_size)
    }

    /// The rows of batch number `batch`, counted from the beginning of the training.
    pub(super) fn batch(&mut self, batch: u64) -> &[usize] {
        let batches = self.batches().max(1) as u64;
        let (pass, index) = (batch / batches, (batch % batches) as usize);
        if self.pass != Some(pass) {
            self.pass = Some(pass);
            self.rows.clear();
            self.rows.extend(0..self.count);
            if let Some(seed) = self.seed {
                seed.generator(Stream::Shuffling, pass).shuffle(&mut self.rows);
            }
        }
        let start = index * self.batch_size;
        let end = self.rows.len().min(start.saturating_add(self.batch_size));
        &self.rows[start..end]
    }
}
