//! Samples of columns for quantiles.

use multi_input_base::{Generator, Seed, Stream};
use serde::{Deserialize, Serialize};

use super::merging::Mergeable;

/// Maximum number of values of a sample.
const MAX_VALUES: usize = 1 << 20;

/// The values of a column: all of up to 2^20, or a uniform random sample of 2^20 (reservoir
/// sampling, Vitter's algorithm R). The sample is deterministic for given rows. The error of a
/// quantile's rank is below a thousandth of the rows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sample {
    values: Values,
    count: usize,
    generator: Generator,
    capacity: usize,
}

impl Sample {
    /// The empty sample of one of several parts of the rows. Each part has random numbers of its own:
    /// samples of the same positions of two parts would be no uniform sample of both.
    pub(super) fn of_part(part: u64) -> Sample {
        Sample::with_capacity(MAX_VALUES, part)
    }

    fn with_capacity(capacity: usize, part: u64) -> Sample {
        let generator = Seed(0).generator(Stream::Sampling, part);
        Sample { values: Values::Singles(Vec::new()), count: 0, generator, capacity }
    }

    pub(super) fn update(&mut self, number: f64) {
        self.count += 1;
        let index = match self.count <= self.capacity {
            true => self.count - 1,
            false => self.generator.below(self.count),
        };
        if index < self.capacity {
            self.values.set(index, number);
        }
    }

    /// Replaces the values by a uniform sample of these and of those of a larger set: as many of each as
    /// a draw of `capacity` values from the two sets gives.
    fn draw(&mut self, later: Sample) {
        let (mut left, mut left_later) = (self.count, later.count);
        let own = std::mem::replace(&mut self.values, Values::Singles(Vec::new()));
        let (mut own, mut others) = (own.doubles(), later.values.doubles());
        for index in 0..self.capacity {
            let values = match self.generator.below(left + left_later) < left {
                true => {
                    left -= 1;
                    &mut own
                }
                false => {
                    left_later -= 1;
                    &mut others
                }
            };
            let drawn = self.generator.below(values.len());
            self.values.set(index, values.swap_remove(drawn));
        }
        self.count += later.count;
    }

    /// The quantiles for the given probabilities, with linear interpolation as NumPy's `quantile`;
    /// `None` for an empty sample.
    pub(super) fn quantiles(mut self, probabilities: &[f64]) -> Option<Vec<f64>> {
        self.sort();
        let last = self.values.len().checked_sub(1)?;
        Some(probabilities.iter().map(|probability| self.quantile(*probability, last)).collect())
    }

    /// The increasing edges of at most `count` intervals with equal numbers of values. An edge
    /// belongs to the interval above it. Edges without values between them are merged, and edges
    /// without a value below are removed, so that no interval is empty.
    pub(super) fn edges(mut self, count: usize) -> Vec<f64> {
        self.sort();
        let Some(last) = self.values.len().checked_sub(1) else { return Vec::new() };
        let mut below = 0;
        let edges = (1..count).map(|edge| self.quantile(edge as f64 / count as f64, last));
        let is_nonempty = |edge: &f64| {
            let before = std::mem::replace(&mut below, self.below(*edge));
            below > before
        };
        edges.filter(is_nonempty).collect()
    }

    fn sort(&mut self) {
        self.values.sort();
    }

    /// One quantile of the sorted values; `last` is the index of the last value.
    fn quantile(&self, probability: f64, last: usize) -> f64 {
        let rank = probability * last as f64;
        let (below, above) = (rank.floor() as usize, rank.ceil() as usize);
        let [low, high] = [below, above].map(|index| self.values.at(index.min(last)));
        // Rounding may make the sum exceed the larger value.
        (low + (high - low) * (rank - rank.floor())).min(high)
    }

    /// The number of sorted values below an edge.
    fn below(&self, edge: f64) -> usize {
        self.values.below(edge)
    }
}

/// The result is that of one pass where the later sample holds all values of its rows.
impl Mergeable for Sample {
    fn merge(&mut self, later: Sample) -> Result<(), String> {
        let holds = |sample: &Sample| sample.values.len() == sample.count.min(sample.capacity);
        if later.capacity != self.capacity || !holds(&later) {
            return Err("a sample of another size".to_owned());
        }
        if self.count == 0 {
            *self = later;
        } else if later.count <= later.capacity {
            later.values.doubles().into_iter().for_each(|number| self.update(number));
        } else {
            self.draw(later);
        }
        Ok(())
    }
}

/// Values, stored as `f32` while all of them are represented exactly.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Values {
    Singles(Vec<f32>),
    Doubles(Vec<f64>),
}

impl Values {
    /// Replaces the value at an index, or appends it.
    fn set(&mut self, index: usize, number: f64) {
        fn set<T>(values: &mut Vec<T>, index: usize, number: T) {
            match values.get_mut(index) {
                Some(value) => *value = number,
                None => values.push(number),
            }
        }
        match self {
            Values::Singles(values) if f64::from(number as f32) == number => {
                set(values, index, number as f32);
            }
            Values::Singles(values) => {
                let mut doubles = values.iter().copied().map(f64::from).collect();
                set(&mut doubles, index, number);
                *self = Values::Doubles(doubles);
            }
            Values::Doubles(values) => set(values, index, number),
        }
    }

    fn doubles(self) -> Vec<f64> {
        match self {
            Values::Singles(values) => values.into_iter().map(f64::from).collect(),
            Values::Doubles(values) => values,
        }
    }

    fn sort(&mut self) {
        match self {
            Values::Singles(values) => values.sort_unstable_by(f32::total_cmp),
            Values::Doubles(values) => values.sort_unstable_by(f64::total_cmp),
        }
    }

    fn len(&self) -> usize {
        match self {
            Values::Singles(values) => values.len(),
            Values::Doubles(values) => values.len(),
        }
    }

    /// The number of values below an edge; the values must be sorted.
    fn below(&self, edge: f64) -> usize {
        match self {
            Values::Singles(values) => values.partition_point(|number| f64::from(*number) < edge),
            Values::Doubles(values) => values.partition_point(|number| *number < edge),
        }
    }

    fn at(&self, index: usize) -> f64 {
        match self {
            Values::Singles(values) => f64::from(values[index]),
            Values::Doubles(values) => values[index],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_neighbours() {
        let mut sample = Sample::of_part(0);
        [4.0, 1.0, 3.0, 2.0].into_iter().for_each(|number| sample.update(number));
        let quantiles = sample.quantiles(&[0.0, 0.25, 0.5, 1.0]);
        assert_eq!(quantiles, Some(vec![1.0, 1.75, 2.5, 4.0]));
        assert_eq!(Sample::of_part(0).quantiles(&[0.5]), None);
    }

    #[test]
    fn numbers_that_f32_does_not_hold_keep_their_digits() {
        let mut sample = Sample::of_part(0);
        [3.0, 1_700_000_060.0, 1_700_000_120.0]
            .into_iter()
            .for_each(|number| sample.update(number));
        let quantiles = sample.quantiles(&[0.0, 0.5, 0.75]);
        assert_eq!(quantiles, Some(vec![3.0, 1_700_000_060.0, 1_700_000_090.0]));
    }

    #[test]
    fn no_interval_is_empty() {
        let edges = |values: &[f64], count: usize| {
            let mut sample = Sample::of_part(0);
            values.iter().for_each(|number| sample.update(*number));
            sample.edges(count)
        };
        assert_eq!(edges(&[1.0, 2.0, 3.0, 4.0, 5.0], 4), [2.0, 3.0, 4.0]);
        // KBinsDiscretizer(4): 0, 0, 0.5, 2.25, 4; the first interval has zero width.
        assert_eq!(edges(&[0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 4.0], 4), [0.5, 2.25]);
        assert_eq!(edges(&[1.0, 2.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0], 4), [2.75]);
        assert_eq!(edges(&[7.0; 9], 4), [0.0; 0]);
        assert_eq!(edges(&[0.0, -0.0], 4), [0.0; 0]);
        assert_eq!(edges(&[], 4), [0.0; 0]);
        // KBinsDiscretizer merges 2 and 3 here, and has an empty interval from 1.6 to 2.
        let three = [1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 3.0, 3.0, 3.0];
        assert_eq!(edges(&three, 5), [1.6, 3.0]);
        // The edges 2.5, 5 and 7.5 have no values between them.
        assert_eq!(edges(&[0.0, 10.0], 4), [2.5]);
    }

    #[test]
    fn quantiles_do_not_fall_where_sums_are_rounded() {
        let mut sample = Sample::of_part(0);
        (0..7).for_each(|_| sample.update(f64::from(-f32::MAX)));
        (0..3).for_each(|_| sample.update(f32::MIN_POSITIVE.into()));
        let probabilities: Vec<f64> =
            (0..=1000).map(|probability| f64::from(probability) / 1000.0).collect();
        let quantiles = sample.quantiles(&probabilities).unwrap();
        assert!(quantiles.windows(2).all(|pair| pair[0] <= pair[1]), "{quantiles:?}");
    }

    #[test]
    fn of_too_many_numbers_a_sample_is_kept() {
        let mut sample = Sample::with_capacity(1000, 0);
        (0..100_000).for_each(|number| sample.update((number % 1000) as f64));
        assert_eq!(sample.values.len(), 1000);
        let quantiles = sample.quantiles(&[0.25, 0.5, 0.75]).unwrap();
        for (found, exact) in quantiles.iter().zip([250.0, 500.0, 750.0]) {
            assert!((found - exact).abs() < 50.0, "{found} is far from {exact}");
        }
    }

    fn sample(numbers: impl IntoIterator<Item = usize>, capacity: usize, part: u64) -> Sample {
        let mut sample = Sample::with_capacity(capacity, part);
        numbers.into_iter().for_each(|number| sample.update(number as f64));
        sample
    }

    fn values(sample: &Sample) -> Vec<f64> {
        (0..sample.values.len()).map(|index| sample.values.at(index)).collect()
    }

    #[test]
    fn parts_that_hold_all_values_give_the_sample_of_one_pass() {
        for capacity in [5, 10, 100] {
            let whole = sample(0..100, capacity, 0);
            let mut merged = Sample::with_capacity(capacity, 3);
            for first in (0..100).step_by(5) {
                merged.merge(sample(first..first + 5, capacity, first as u64 / 5)).unwrap();
                merged.merge(Sample::with_capacity(capacity, 9)).unwrap();
            }
            assert_eq!(values(&merged), values(&whole), "{capacity}");
            assert_eq!(merged.count, 100);
        }
        // Also after a part that is a sample itself.
        let mut merged = sample(0..70, 20, 0);
        merged.merge(sample(70..90, 20, 1)).unwrap();
        assert_eq!(values(&merged), values(&sample(0..90, 20, 0)));
    }

    /// Each value has the same chance, whatever its part, and the samples of equal parts are independent.
    #[test]
    fn samples_of_parts_are_a_uniform_sample_of_all_values() {
        const CAPACITY: usize = 100;
        let sizes = [1000, 50, 300, 2650];
        let (mut by_part, mut both) = ([0; 4], 0);
        let runs = 200;
        for run in 0..runs {
            let mut merged = Sample::with_capacity(CAPACITY, 0);
            let mut first = 0;
            for (part, size) in sizes.into_iter().enumerate() {
                let part = (run * sizes.len() + part) as u64;
                merged.merge(sample(first..first + size, CAPACITY, part)).unwrap();
                first += size;
            }
            assert_eq!((merged.values.len(), merged.count), (CAPACITY, 4000));
            let mut drawn = values(&merged);
            drawn.sort_by(f64::total_cmp);
            drawn.dedup();
            assert_eq!(drawn.len(), CAPACITY, "no value is drawn twice");
            for value in drawn {
                by_part[[1000.0, 1050.0, 1350.0].iter().filter(|end| value >= **end).count()] += 1;
                both += usize::from(value < 2000.0);
            }
        }
        let drawn = (runs * CAPACITY) as f64;
        for (count, size) in by_part.iter().zip(sizes) {
            let share = size as f64 / 4000.0;
            // Four standard deviations.
            let bound = 4.0 * (drawn * share * (1.0 - share)).sqrt();
            assert!((f64::from(*count) - drawn * share).abs() < bound, "{by_part:?}");
        }
        assert!((both as f64 - drawn / 2.0).abs() < 4.0 * (drawn / 4.0).sqrt(), "{both}");
    }

    /// Parts with equal numbers in equal order: samples of the same positions would repeat their errors.
    #[test]
    fn the_errors_of_equal_parts_even_out() {
        let (parts, capacity, size, runs) = (8, 100, 1_000, 200);
        let squares = |seed: u64, of_part: &dyn Fn(u64) -> u64| {
            let mut merged = Sample::with_capacity(capacity, 0);
            for part in 0..parts {
                let part = of_part(seed * parts + part);
                merged.merge(sample(0..size, capacity, part)).unwrap();
            }
            let below = values(&merged).iter().filter(|value| **value < 500.0).count();
            (below as f64 - 50.0).powi(2)
        };
        let mean = |of_part: &dyn Fn(u64) -> u64| {
            (0..runs).map(|seed| squares(seed, of_part)).sum::<f64>() / runs as f64
        };
        // The variance of a uniform sample: 100 / 4.
        let own = mean(&|part| part);
        assert!((18.0..32.0).contains(&own), "{own}");
        let repeated = mean(&|part| part / parts);
        assert!(repeated > 1.3 * own, "{repeated} is not above {own}");
    }
}
