//! One seed for a run, and the independent streams that are derived from it.

/// Where all randomness of a run starts: the same seed gives the same bits.
///
/// Initialisation, shuffling, splitting and dropout each draw from a stream of their own, so that
/// one more draw in one of them (another epoch, another layer) changes nothing in the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Seed(pub u64);

/// What random numbers are drawn for.
#[derive(Clone, Copy, Debug)]
pub enum Stream {
    /// The weights a model starts from.
    Initialisation,
    /// The order of the rows in an epoch.
    Shuffling,
    /// What the layers draw in training.
    Dropout,
    /// Which rows are set apart for testing.
    Splitting,
    /// Which of many training rows are kept to learn quantiles from.
    Sampling,
    /// How inputs are changed at random in training.
    Augmentation,
    /// Which inputs are dropped in training.
    Dropping,
    /// The order of an input's values when its importance is measured.
    Permuting,
}

impl Seed {
    /// The start of a stream.
    pub fn stream(self, stream: Stream) -> u64 {
        next(self.0 ^ next(stream as u64 + 1))
    }

    /// The generator of draw number `counter` of a stream, whatever was drawn before: epoch 7 is
    /// shuffled the same whether or not epochs 0 to 6 ran in this process.
    pub fn generator(self, stream: Stream, counter: u64) -> Generator {
        Generator(next(self.stream(stream).wrapping_add(next(counter))))
    }
}

/// What SplitMix64 gives in the state `number`: neighbouring numbers come out unrelated.
fn next(number: u64) -> u64 {
    mix(number.wrapping_add(GOLDEN))
}

/// The finaliser of SplitMix64: every bit of the input changes half of the output's.
pub(crate) const fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// The odd number nearest to 2^64 / golden ratio: multiples of it spread evenly over all numbers.
pub(crate) const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// SplitMix64. Written out here because the orders it gives must not change with the version of a
/// dependency: a resumed run repeats them.
#[derive(Clone, Debug)]
pub struct Generator(u64);

impl Generator {
    fn next(&mut self) -> u64 {
        let value = next(self.0);
        self.0 = self.0.wrapping_add(GOLDEN);
        value
    }

    /// A number below `bound`. The bias of the multiplication is below bound / 2^64.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    /// Puts `items` into a random order (Fisher-Yates).
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
