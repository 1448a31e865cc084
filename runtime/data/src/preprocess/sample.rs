//! What quantiles are taken of.

use multi_input_base::{Generator, Seed, Stream};

/// The most numbers of one column that are kept.
const MOST: usize = 1 << 20;

/// The numbers of a column: all of them up to 2^20 (a million); of more, a random sample of as many
/// (Vitter's algorithm R, the same for the same rows), whose quantiles are off by less than a
/// thousandth of the rows.
#[derive(Clone, Debug)]
pub struct Sample {
    numbers: Kept,
    seen: usize,
    generator: Generator,
    most: usize,
}

impl Sample {
    pub(super) fn new() -> Sample {
        Sample::of_at_most(MOST)
    }

    fn of_at_most(most: usize) -> Sample {
        let generator = Seed(0).generator(Stream::Sampling, 0);
        Sample { numbers: Kept::Singles(Vec::new()), seen: 0, generator, most }
    }

    pub(super) fn look(&mut self, number: f64) {
        self.seen += 1;
        let place = match self.seen <= self.most {
            true => self.seen - 1,
            false => self.generator.below(self.seen),
        };
        if place < self.most {
            self.numbers.put(place, number);
        }
    }

    /// The numbers below which the given shares of them lie, with a straight line between
    /// neighbours, as NumPy's `quantile`; `None` where nothing was seen.
    pub(super) fn quantiles(mut self, shares: &[f64]) -> Option<Vec<f64>> {
        self.sort();
        let last = self.numbers.len().checked_sub(1)?;
        Some(shares.iter().map(|share| self.quantile(*share, last)).collect())
    }

    /// The rising edges of at most `count` intervals that hold equally many numbers; an edge belongs
    /// to the interval above it. Of edges between which no number lies one stays, and none that has
    /// no number below it: so no interval is empty.
    pub(super) fn edges(mut self, count: usize) -> Vec<f64> {
        self.sort();
        let Some(last) = self.numbers.len().checked_sub(1) else { return Vec::new() };
        let mut below = 0;
        let edges = (1..count).map(|edge| self.quantile(edge as f64 / count as f64, last));
        let holds_numbers = |edge: &f64| {
            let before = std::mem::replace(&mut below, self.below(*edge));
            below > before
        };
        edges.filter(holds_numbers).collect()
    }

    fn sort(&mut self) {
        self.numbers.sort();
    }

    /// One quantile of sorted numbers, the last of which has the given place.
    fn quantile(&self, share: f64, last: usize) -> f64 {
        let place = share * last as f64;
        let (below, above) = (place.floor() as usize, place.ceil() as usize);
        let [low, high] = [below, above].map(|place| self.numbers.at(place.min(last)));
        // Of numbers of very different sizes the sum may be rounded beyond the larger one.
        (low + (high - low) * (place - place.floor())).min(high)
    }

    /// How many of the sorted numbers are below an edge.
    fn below(&self, edge: f64) -> usize {
        self.numbers.below(edge)
    }
}

/// Numbers, in half the memory for as long as `f32` holds all of them exactly.
#[derive(Clone, Debug)]
enum Kept {
    Singles(Vec<f32>),
    Doubles(Vec<f64>),
}

impl Kept {
    /// Puts a number in the place of another, or behind the last one.
    fn put(&mut self, place: usize, number: f64) {
        fn put<T>(numbers: &mut Vec<T>, place: usize, number: T) {
            match numbers.get_mut(place) {
                Some(kept) => *kept = number,
                None => numbers.push(number),
            }
        }
        match self {
            Kept::Singles(numbers) if f64::from(number as f32) == number => {
                put(numbers, place, number as f32);
            }
            Kept::Singles(numbers) => {
                let mut doubles = numbers.iter().copied().map(f64::from).collect();
                put(&mut doubles, place, number);
                *self = Kept::Doubles(doubles);
            }
            Kept::Doubles(numbers) => put(numbers, place, number),
        }
    }

    fn sort(&mut self) {
        match self {
            Kept::Singles(numbers) => numbers.sort_unstable_by(f32::total_cmp),
            Kept::Doubles(numbers) => numbers.sort_unstable_by(f64::total_cmp),
        }
    }

    fn len(&self) -> usize {
        match self {
            Kept::Singles(numbers) => numbers.len(),
            Kept::Doubles(numbers) => numbers.len(),
        }
    }

    /// How many of them, which are sorted, are below an edge.
    fn below(&self, edge: f64) -> usize {
        match self {
            Kept::Singles(numbers) => numbers.partition_point(|number| f64::from(*number) < edge),
            Kept::Doubles(numbers) => numbers.partition_point(|number| *number < edge),
        }
    }

    fn at(&self, place: usize) -> f64 {
        match self {
            Kept::Singles(numbers) => f64::from(numbers[place]),
            Kept::Doubles(numbers) => numbers[place],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_neighbours() {
        let mut sample = Sample::new();
        [4.0, 1.0, 3.0, 2.0].into_iter().for_each(|number| sample.look(number));
        let quantiles = sample.quantiles(&[0.0, 0.25, 0.5, 1.0]);
        assert_eq!(quantiles, Some(vec![1.0, 1.75, 2.5, 4.0]));
        assert_eq!(Sample::new().quantiles(&[0.5]), None);
    }

    #[test]
    fn numbers_that_f32_does_not_hold_keep_their_digits() {
        let mut sample = Sample::new();
        [3.0, 1_700_000_060.0, 1_700_000_120.0].into_iter().for_each(|number| sample.look(number));
        let quantiles = sample.quantiles(&[0.0, 0.5, 0.75]);
        assert_eq!(quantiles, Some(vec![3.0, 1_700_000_060.0, 1_700_000_090.0]));
    }

    #[test]
    fn no_interval_is_empty() {
        let edges = |numbers: &[f64], count: usize| {
            let mut sample = Sample::new();
            numbers.iter().for_each(|number| sample.look(*number));
            sample.edges(count)
        };
        assert_eq!(edges(&[1.0, 2.0, 3.0, 4.0, 5.0], 4), [2.0, 3.0, 4.0]);
        // KBinsDiscretizer(4): 0, 0, 0.5, 2.25, 4, of which the first interval has no width.
        assert_eq!(edges(&[0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 4.0], 4), [0.5, 2.25]);
        assert_eq!(edges(&[1.0, 2.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0], 4), [2.75]);
        assert_eq!(edges(&[7.0; 9], 4), [0.0; 0]);
        assert_eq!(edges(&[0.0, -0.0], 4), [0.0; 0]);
        assert_eq!(edges(&[], 4), [0.0; 0]);
        // KBinsDiscretizer puts 2 and 3 together here, and nothing between 1.6 and 2.
        let three = [1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 3.0, 3.0, 3.0];
        assert_eq!(edges(&three, 5), [1.6, 3.0]);
        // 2.5, 5 and 7.5 with nothing between them.
        assert_eq!(edges(&[0.0, 10.0], 4), [2.5]);
    }

    #[test]
    fn quantiles_do_not_fall_where_sums_are_rounded() {
        let mut sample = Sample::new();
        (0..7).for_each(|_| sample.look(f64::from(-f32::MAX)));
        (0..3).for_each(|_| sample.look(f32::MIN_POSITIVE.into()));
        let shares: Vec<f64> = (0..=1000).map(|share| f64::from(share) / 1000.0).collect();
        let quantiles = sample.quantiles(&shares).unwrap();
        assert!(quantiles.windows(2).all(|pair| pair[0] <= pair[1]), "{quantiles:?}");
    }

    #[test]
    fn of_too_many_numbers_a_sample_is_kept() {
        let mut sample = Sample::of_at_most(1000);
        (0..100_000).for_each(|number| sample.look((number % 1000) as f64));
        assert_eq!(sample.numbers.len(), 1000);
        let quantiles = sample.quantiles(&[0.25, 0.5, 0.75]).unwrap();
        for (found, exact) in quantiles.iter().zip([250.0, 500.0, 750.0]) {
            assert!((found - exact).abs() < 50.0, "{found} is far from {exact}");
        }
    }
}
