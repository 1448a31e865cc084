//! The seed of a run and the independent random streams that are derived from it.

use serde::{Deserialize, Serialize};

/// The seed of a run: equal seeds give bit-identical results.
///
/// Initialisation, shuffling, splitting and dropout use separate streams, so an additional random
/// number in one of them (another epoch, another layer) does not change the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Seed(pub u64);

/// The use of a random stream.
#[derive(Clone, Copy, Debug)]
pub enum Stream {
    /// Initial weights.
    Initialisation,
    /// The order of the rows in an epoch.
    Shuffling,
    /// Random layers in training, such as dropout.
    Dropout,
    /// The assignment of rows to splits.
    Splitting,
    /// The sample of training rows that quantiles are estimated from.
    Sampling,
    /// Data augmentation.
    Augmentation,
    /// Dropping of whole inputs in training.
    Dropping,
    /// The permutation of an input's values for permutation importance.
    Permuting,
}

impl Seed {
    /// The initial state of a stream.
    pub fn stream(self, stream: Stream) -> u64 {
        next(self.0 ^ next(stream as u64 + 1))
    }

    /// The generator for item `counter` of a stream. It depends only on the seed, the stream and
    /// the counter: epoch 7 is shuffled in the same order whether or not epochs 0 to 6 ran in this
    /// process.
    pub fn generator(self, stream: Stream, counter: u64) -> Generator {
        Generator(next(self.stream(stream).wrapping_add(next(counter))))
    }
}

/// The output of SplitMix64 in the state `number`: consecutive states give unrelated outputs.
fn next(number: u64) -> u64 {
    mix(number.wrapping_add(GOLDEN))
}

/// The finaliser of SplitMix64: each input bit changes half of the output bits on average.
pub(crate) const fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// The odd number nearest to 2^64 / golden ratio, the increment of SplitMix64.
pub(crate) const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// A SplitMix64 generator. It is implemented here because its output must not change with the
/// version of a dependency: a resumed run repeats it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Generator(u64);

impl Generator {
    fn next(&mut self) -> u64 {
        let value = next(self.0);
        self.0 = self.0.wrapping_add(GOLDEN);
        value
    }

    /// A uniformly distributed number in `0..bound`. The bias of the multiplication method is below
    /// bound / 2^64.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    /// Shuffles `items` in place (Fisher-Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(seed: u64, counter: u64) -> Vec<usize> {
        let mut rows: Vec<usize> = (0..20).collect();
        Seed(seed).generator(Stream::Shuffling, counter).shuffle(&mut rows);
        rows
    }

    #[test]
    fn a_shuffle_is_a_permutation_that_depends_on_seed_and_counter_only() {
        let mut sorted = order(7, 3);
        assert_eq!(order(7, 3), order(7, 3));
        assert_ne!(order(7, 3), order(7, 4));
        assert_ne!(order(7, 3), order(8, 3));
        sorted.sort_unstable();
        assert_eq!(sorted, (0..20).collect::<Vec<_>>());
    }

    #[test]
    fn streams_of_one_seed_differ() {
        let seed = Seed(0);
        assert_ne!(seed.stream(Stream::Initialisation), seed.stream(Stream::Dropout));
        assert_ne!(seed.stream(Stream::Shuffling), seed.stream(Stream::Splitting));
    }

    #[test]
    fn every_place_is_about_equally_likely() {
        let mut counts = [0usize; 4];
        for counter in 0..4000 {
            let mut rows = [0usize, 1, 2, 3];
            Seed(1).generator(Stream::Shuffling, counter).shuffle(&mut rows);
            counts[rows[0]] += 1;
        }
        assert!(counts.iter().all(|&count| (880..1120).contains(&count)), "{counts:?}");
    }
}
