//! What quantiles are taken of.

use crate::seed::{Generator, Seed, Stream};

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
        self.numbers.sort();
        let last = self.numbers.len().checked_sub(1)?;
        let quantile = |&share: &f64| {
            let place = share * last as f64;
            let (below, above) = (place.floor() as usize, place.ceil() as usize);
            let [low, high] = [below, above].map(|place| self.numbers.at(place.min(last)));
            low + (high - low) * (place - place.floor())
        };
        Some(shares.iter().map(quantile).collect())
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
