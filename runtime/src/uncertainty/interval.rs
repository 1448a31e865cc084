//! Intervals of predicted numbers.

use multi_input_data::{Counts, Normal, Quantiles};
use serde::{Deserialize, Serialize};

/// An interval with both ends.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// Whether a number is in the interval.
    pub fn contains(&self, number: impl Into<f64>) -> bool {
        (self.low..=self.high).contains(&number.into())
    }

    /// The length of the interval, in the unit of the target.
    pub fn width(&self) -> f64 {
        self.high - self.low
    }
}

/// A prediction of numbers, whose intervals have the same form: `f32`, `f64`, [`Quantiles`],
/// [`Normal`] and [`Counts`] have one [`Interval`], `[f32; N]` has `[Interval; N]`.
pub trait IntervalPrediction {
    /// The form of the intervals.
    type Intervals;

    /// The predicted numbers, in row-major order.
    fn numbers(&self) -> Vec<f64>;

    /// As many intervals as the form has.
    fn read(intervals: &mut dyn Iterator<Item = Interval>) -> Self::Intervals;
}

macro_rules! number {
    ($($number:ty)*) => {$(
        impl IntervalPrediction for $number {
            type Intervals = Interval;

            fn numbers(&self) -> Vec<f64> {
                vec![f64::from(*self)]
            }

            fn read(intervals: &mut dyn Iterator<Item = Interval>) -> Interval {
                intervals.next().unwrap_or(Interval { low: f64::NAN, high: f64::NAN })
            }
        }
    )*};
}

number!(f32 f64);

/// A prediction of several numbers has one interval.
macro_rules! distribution {
    ($($prediction:ty: $numbers:expr, [$($size:tt)*];)*) => {$(
        impl<T: IntervalPrediction<Intervals = Interval>, $($size)*> IntervalPrediction
            for $prediction
        {
            type Intervals = Interval;

            fn numbers(&self) -> Vec<f64> {
                let numbers: fn(&Self) -> Vec<f64> = $numbers;
                numbers(self)
            }

            fn read(intervals: &mut dyn Iterator<Item = Interval>) -> Interval {
                T::read(intervals)
            }
        }
    )*};
}

distribution! {
    Quantiles<T, LEVELS>: |all| all.as_array().iter().flat_map(T::numbers).collect(), [const LEVELS: usize];
    Normal<T>: |normal| [&normal.mean, &normal.std].into_iter().flat_map(T::numbers).collect(), [];
    Counts<T>: |all| [&all.mean, &all.dispersion].into_iter().flat_map(T::numbers).collect(), [];
}

impl<P: IntervalPrediction, const N: usize> IntervalPrediction for [P; N] {
    type Intervals = [P::Intervals; N];

    fn numbers(&self) -> Vec<f64> {
        self.iter().flat_map(P::numbers).collect()
    }

    fn read(intervals: &mut dyn Iterator<Item = Interval>) -> Self::Intervals {
        std::array::from_fn(|_| P::read(intervals))
    }
}

/// How the prediction of one number is compared with its target, and what interval a bound of the
/// comparison gives.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Residual {
    /// The prediction is a point: |y - f|, and f -+ q.
    Absolute,
    /// The prediction is a point and its scale: |y - f| / s, and f -+ q s. (Normalised split
    /// conformal prediction; Lei et al., 2018.)
    Scaled,
    /// The prediction is this number of increasing quantiles, of which the first and the last count:
    /// max(low - y, y - high), and [low - q, high + q]. (Conformalized quantile regression; Romano et
    /// al., 2019.)
    Quantiles(usize),
    /// The prediction is the mean and the dispersion of a count: as [`Scaled`](Residual::Scaled), by the
    /// standard deviation.
    Counts,
}

impl Residual {
    /// The number of predicted numbers for each target.
    pub(super) fn width(self) -> usize {
        match self {
            Residual::Absolute => 1,
            Residual::Scaled | Residual::Counts => 2,
            Residual::Quantiles(count) => count,
        }
    }

    /// The score of a prediction of [`width`](Residual::width) numbers: larger for a worse one.
    pub(super) fn score(self, prediction: &[f64], target: f64) -> f64 {
        match (self, prediction) {
            (Residual::Absolute, [point]) => (target - point).abs(),
            // `max` turns 0 / 0 into 0.
            (Residual::Scaled, [point, scale]) => ((target - point).abs() / scale).max(0.0),
            (Residual::Counts, [mean, dispersion]) => {
                Residual::Scaled.score(&[*mean, count_scale(*mean, *dispersion)], target)
            }
            (Residual::Quantiles(_), [low, .., high]) => (low - target).max(target - high),
            _ => f64::NAN,
        }
    }

    /// The targets whose score is at most `bound`. A negative bound of quantiles may leave none;
    /// the interval is then the middle of them.
    pub(super) fn interval(self, prediction: &[f64], bound: f64) -> Interval {
        match (self, prediction) {
            (Residual::Absolute, [point]) => Interval { low: point - bound, high: point + bound },
            (Residual::Scaled, [point, scale]) => {
                Interval { low: point - bound * scale, high: point + bound * scale }
            }
            (Residual::Counts, [mean, dispersion]) => {
                Residual::Scaled.interval(&[*mean, count_scale(*mean, *dispersion)], bound)
            }
            (Residual::Quantiles(_), [low, .., high]) => {
                let (low, high) = (low - bound, high + bound);
                let middle = low + (high - low) / 2.0;
                Interval { low: low.min(middle), high: high.max(middle) }
            }
            _ => Interval { low: f64::NAN, high: f64::NAN },
        }
    }
}

/// The standard deviation of a count with a negative binomial distribution.
fn count_scale(mean: f64, dispersion: f64) -> f64 {
    (mean + dispersion * mean * mean).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_and_intervals_have_their_literal_values() {
        let point = Residual::Absolute;
        assert_eq!(point.score(&[3.0], 1.0), 2.0);
        assert_eq!(point.interval(&[3.0], 2.0), Interval { low: 1.0, high: 5.0 });
        let scaled = Residual::Scaled;
        assert_eq!(scaled.score(&[3.0, 0.0], 3.0), 0.0);
        assert_eq!(scaled.score(&[3.0, 0.5], 1.0), 4.0);
        assert_eq!(scaled.interval(&[3.0, 0.5], 4.0), Interval { low: 1.0, high: 5.0 });
        // 4 + 0.75 * 16 = 16.
        let counts = Residual::Counts;
        assert_eq!(counts.score(&[4.0, 0.75], 10.0), 1.5);
        assert_eq!(counts.interval(&[4.0, 0.75], 1.5), Interval { low: -2.0, high: 10.0 });
        let quantiles = Residual::Quantiles(3);
        assert_eq!([1.0, 2.5, 6.0].map(|y| quantiles.score(&[2.0, 2.5, 4.0], y)), [1.0, -0.5, 2.0]);
        assert_eq!(quantiles.interval(&[2.0, 2.5, 4.0], 1.0), Interval { low: 1.0, high: 5.0 });
        // Narrower where the model is too cautious, down to a point.
        assert_eq!(quantiles.interval(&[2.0, 2.5, 4.0], -0.5), Interval { low: 2.5, high: 3.5 });
        assert_eq!(quantiles.interval(&[2.0, 2.5, 4.0], -3.0), Interval { low: 3.0, high: 3.0 });
    }

    #[test]
    fn a_score_within_the_bound_is_a_target_within_the_interval() {
        for residual in [Residual::Absolute, Residual::Scaled, Residual::Quantiles(2)] {
            let prediction = &[0.25, 2.0][..residual.width()];
            for step in -40..=40 {
                let target = f64::from(step) / 8.0;
                let within = residual.score(prediction, target) <= 1.5;
                assert_eq!(residual.interval(prediction, 1.5).contains(target), within, "{target}");
            }
        }
    }

    #[test]
    fn arrays_have_arrays_of_intervals() {
        let prediction = [[1.0f32, 2.0], [3.0, 4.0]];
        let numbers = prediction.numbers();
        assert_eq!(numbers, [1.0, 2.0, 3.0, 4.0]);
        let mut intervals = numbers.into_iter().map(|n| Interval { low: n, high: n + 1.0 });
        let read = <[[f32; 2]; 2]>::read(&mut intervals);
        assert_eq!(read[1][0], Interval { low: 3.0, high: 4.0 });
        assert_eq!((read[1][1].width(), read[0][0].contains(1.5f32)), (1.0, true));
    }
}
