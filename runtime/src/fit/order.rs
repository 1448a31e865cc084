//! The order of the training rows.

use multi_input_base::{Seed, Stream};

/// The order of the training rows: pass after pass over all rows, each pass in its own order,
/// independent of the epochs.
pub(super) struct Order {
    count: usize,
    /// The row numbers in the order of the current pass; empty before the first pass.
    rows: Vec<usize>,
    batch_size: usize,
    /// The seed of shuffling; `None` without shuffling.
    seed: Option<Seed>,
    pass: Option<u64>,
}

impl Order {
    pub(super) fn new(rows: usize, batch_size: usize, seed: Option<Seed>) -> Order {
        Order { count: rows, rows: Vec::new(), batch_size, seed, pass: None }
    }

    /// The number of batches in a pass.
    pub(super) fn batches(&self) -> usize {
        self.count.div_ceil(self.batch_size)
    }

    /// The rows of batch number `batch`, counted from the start of training.
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
