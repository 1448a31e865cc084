//! What quantiles are taken of.

use crate::seed::{Generator, Seed, Stream};

/// The most numbers of one column that are kept.
const MOST: usize = 1 << 20;

/// The numbers of a column: all of them up to 2^20 (a million); of more, a random sample of as many
/// (Vitter's algorithm R, the same for the same rows), whose quantiles are off by less than a
/// thousandth of the rows.
#[derive(Clone, Debug)]
pub struct Sample {
    numbers: Vec<f32>,
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
        Sample { numbers: Vec::new(), seen: 0, generator, most }
    }

    pub(super) fn look(&mut self, number: f32) {
        self.seen += 1;
        if self.numbers.len() < self.most {
            return self.numbers.push(number);
        }
        let place = self.generator.below(self.seen);
        if let Some(kept) = self.numbers.get_mut(place) {
            *kept = number;
        }
    }

    /// The numbers below which the given shares of them lie, with a straight line between
    /// neighbours, as NumPy's `quantile`; `None` where nothing was seen.
    pub(super) fn quantiles(mut self, shares: &[f64]) -> Option<Vec<f64>> {
        self.numbers.sort_unstable_by(f32::total_cmp);
        let last = self.numbers.len().checked_sub(1)?;
        let quantile = |&share: &f64| {
            let place = share * last as f64;
            let (below, above) = (place.floor() as usize, place.ceil() as usize);
            let [low, high] = [below, above].map(|place| f64::from(self.numbers[place.min(last)]));
            low + (high - low) * (place - place.floor())
        };
        Some(shares.iter().map(quantile).collect())
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
    fn of_too_many_numbers_a_sample_is_kept() {
        let mut sample = Sample::of_at_most(1000);
        (0..100_000).for_each(|number| sample.look((number % 1000) as f32));
        assert_eq!(sample.numbers.len(), 1000);
        let quantiles = sample.quantiles(&[0.25, 0.5, 0.75]).unwrap();
        for (found, exact) in quantiles.iter().zip([250.0, 500.0, 750.0]) {
            assert!((found - exact).abs() < 50.0, "{found} is far from {exact}");
        }
    }
}
