//! One seed for a run, and the independent streams that are derived from it.

/// Where all randomness of a run starts: the same seed gives the same bits.
///
/// Initialisation, shuffling, splitting and dropout each draw from a stream of their own, so that
/// one more draw in one of them (another epoch, another layer) changes nothing in the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Seed(pub u64);

/// What random numbers are drawn for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stream {
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
    pub(crate) fn stream(self, stream: Stream) -> u64 {
        mix(self.0 ^ mix(stream as u64 + 1))
    }

    /// The generator of draw number `counter` of a stream, whatever was drawn before: epoch 7 is
    /// shuffled the same whether or not epochs 0 to 6 ran in this process.
    pub(crate) fn generator(self, stream: Stream, counter: u64) -> Generator {
        Generator(mix(self.stream(stream).wrapping_add(mix(counter))))
    }
}

/// The finaliser of SplitMix64: neighbouring numbers come out unrelated.
fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(GOLDEN);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// SplitMix64. Written out here because the orders it gives must not change with the version of a
/// dependency: a resumed run repeats them.
#[derive(Clone, Debug)]
pub(crate) struct Generator(u64);

impl Generator {
    fn next(&mut self) -> u64 {
        let value = mix(self.0);
        self.0 = self.0.wrapping_add(GOLDEN);
        value
    }

    /// A number below `bound`. The bias of the multiplication is below bound / 2^64.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    /// Puts `items` into a random order (Fisher-Yates).
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
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
