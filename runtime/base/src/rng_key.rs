//! Keys of counter-based random numbers.

use crate::seed::{mix, GOLDEN};

/// The key of a block of random numbers. The numbers are a pure function of the key: they are the
/// same on every machine and with any number of threads, and there is no generator state. JAX:
/// `jax.random` keys.
///
/// The number at a position is SplitMix64, started at a hash of seed, layer, step and call, and
/// advanced to the position. A resumed training run therefore needs only the step counter.
///
/// ```
/// use multi_input_base::RngKey;
///
/// let key = RngKey { seed: 7, layer: 0, step: 3, ..RngKey::default() };
/// let numbers = key.numbers();
/// assert_eq!(numbers(5), key.numbers()(5));
/// assert_ne!(numbers(5), key.layer(1).numbers()(5));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RngKey {
    /// The seed of the run.
    pub seed: u64,
    /// Index of the layer in the model.
    pub layer: u64,
    /// Number of training steps before this one.
    pub step: u64,
    /// Number of earlier keys of this layer in this step. A shared branch runs its layers once for
    /// each node that uses it. The call is hashed separately: added to the step, it would repeat
    /// the numbers of the next step.
    pub call: u64,
    /// Index in the whole batch of the first row that a forward pass sees: above 0 for a shard of a
    /// batch. It is not hashed, but shifts the positions of
    /// [`numbers_of_rows`](RngKey::numbers_of_rows), so that the shards of a batch draw the numbers
    /// that the whole batch would.
    pub first_row: u64,
}

impl RngKey {
    /// The key with another layer index.
    #[must_use]
    pub const fn layer(self, index: u64) -> RngKey {
        RngKey { layer: index, ..self }
    }

    /// Returns this key and increments `call`, so that the layer's next key in this step differs.
    pub fn advance(&mut self) -> RngKey {
        let key = *self;
        self.call = key.call.wrapping_add(1);
        key
    }

    /// A function from a position within rows of `width` numbers each to 64 uniformly distributed
    /// bits. Position 0 is the first number of row `first_row` of the whole batch.
    ///
    /// ```
    /// use multi_input_base::RngKey;
    ///
    /// let (batch, shard) = (RngKey::default(), RngKey { first_row: 2, ..RngKey::default() });
    /// assert_eq!(shard.numbers_of_rows(3)(1), batch.numbers_of_rows(3)(2 * 3 + 1));
    /// ```
    pub fn numbers_of_rows(self, width: u64) -> impl Fn(u64) -> u64 {
        let (first, numbers) = (self.first_row.wrapping_mul(width), self.numbers());
        move |position| numbers(first.wrapping_add(position))
    }

    /// A function from a position to 64 uniformly distributed bits, for numbers that do not belong
    /// to rows of a batch.
    pub fn numbers(self) -> impl Fn(u64) -> u64 {
        // Hashing each part separately distinguishes (layer 1, step 0) from (layer 0, step 1). A
        // call of 0 adds no part, so that keys of single-call layers keep their values.
        let call = (self.call > 0).then_some(self.call);
        let start = [self.seed, self.layer, self.step]
            .into_iter()
            .chain(call)
            .fold(0, |start: u64, part| mix(start.wrapping_add(GOLDEN) ^ mix(part)));
        move |position| mix(start.wrapping_add(position.wrapping_add(1).wrapping_mul(GOLDEN)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_draws_of_a_run_give_the_same_numbers() {
        let (layers, calls, steps) = (24, 6, 150);
        let mut first = std::collections::BTreeSet::new();
        for seed in [0, 1] {
            for (layer, call) in (0..layers).flat_map(|layer| (0..calls).map(move |c| (layer, c))) {
                let keys = (0..steps).map(|step| RngKey { seed, layer, step, call, first_row: 0 });
                first.extend(keys.map(|key| key.numbers()(0)));
            }
        }
        assert_eq!(first.len() as u64, 2 * layers * calls * steps);
    }

    /// Dropout masks of checkpoints written by earlier versions depend on these values.
    #[test]
    fn the_first_call_of_a_step_has_its_literal_numbers() {
        let key = RngKey { seed: 7, layer: 2, step: 3, ..RngKey::default() };
        let literal = [0xe818_e003_ae4c_ed20, 0xa47a_3041_8d0b_0741];
        assert_eq!([0, 1].map(key.numbers()), literal);
        assert_eq!([0, 1].map(key.numbers_of_rows(5)), literal);
    }

    #[test]
    fn a_shard_draws_the_numbers_of_its_rows() {
        let batch = RngKey { seed: 7, layer: 2, step: 3, ..RngKey::default() };
        let shard = RngKey { first_row: 4, ..batch };
        assert_eq!([0, 1, 2].map(shard.numbers_of_rows(3)), [12, 13, 14].map(batch.numbers()));
        assert_eq!([0, 1].map(shard.numbers_of_rows(0)), [0, 1].map(batch.numbers()));
        assert_eq!([0, 1].map(shard.numbers()), [0, 1].map(batch.numbers()), "not hashed");
        assert_eq!(shard.layer(9).first_row, 4);
        // An overflow wraps.
        let last = RngKey { first_row: u64::MAX, ..batch };
        assert_eq!(last.numbers_of_rows(2)(3), batch.numbers()(1));
    }

    #[test]
    fn a_layer_draws_anew_with_every_call() {
        let first = RngKey { seed: 3, layer: 1, step: 8, call: 0, first_row: 6 };
        let mut key = first;
        assert_eq!(key.advance(), first);
        assert_eq!(key.advance(), RngKey { call: 1, ..first });
        assert_eq!(key.layer(2), RngKey { layer: 2, call: 2, ..first });
    }

    #[test]
    fn numbers_are_spread_evenly() {
        let numbers = RngKey { seed: 3, layer: 2, step: 1, ..RngKey::default() }.numbers();
        let mut counts = [0usize; 16];
        (0..16_000).for_each(|position| counts[(numbers(position) >> 60) as usize] += 1);
        assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
    }
}
