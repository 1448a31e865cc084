//! Isotonic regression.

use serde::{Deserialize, Serialize};

/// A non-decreasing function: linear between points, constant outside of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Isotonic {
    /// Strictly increasing.
    pub(super) x: Vec<f64>,
    /// Non-decreasing.
    pub(super) y: Vec<f64>,
}

impl Isotonic {
    /// The non-decreasing function with the least squared error, by pooling adjacent violators. Points
    /// of the same x count as their mean. `sklearn.isotonic.IsotonicRegression(out_of_bounds="clip")`.
    pub(super) fn fit(points: impl Iterator<Item = (f64, f64)>) -> Isotonic {
        let mut points: Vec<(f64, f64)> = points.collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let of_x: Vec<&[(f64, f64)]> = points.chunk_by(|a, b| a.0 == b.0).collect();
        // Pools of neighbours: the sum of y, the weight, the number of distinct x.
        let mut pools: Vec<(f64, f64, usize)> = Vec::new();
        for group in &of_x {
            let sum: f64 = group.iter().map(|(_, y)| y).sum();
            pools.push((sum, group.len() as f64, 1));
            while let [.., (a, of_a, count_a), (b, of_b, count_b)] = pools[..] {
                if a / of_a < b / of_b {
                    break;
                }
                pools.pop();
                pools.pop();
                pools.push((a + b, of_a + of_b, count_a + count_b));
            }
        }
        let y =
            pools.iter().flat_map(|(sum, weight, count)| std::iter::repeat_n(sum / weight, *count));
        Isotonic { x: of_x.iter().map(|group| group[0].0).collect(), y: y.collect() }.simplified()
    }

    /// Without the points between two of the same y.
    fn simplified(self) -> Isotonic {
        let last = self.y.len().saturating_sub(1);
        let bends = |index: usize| {
            let y = &self.y;
            index == 0 || index == last || y[index - 1] != y[index] || y[index] != y[index + 1]
        };
        let (x, y) =
            (0..self.x.len()).filter(|&index| bends(index)).map(|i| (self.x[i], self.y[i])).unzip();
        Isotonic { x, y }
    }

    /// The value at `x`; NaN for NaN.
    pub(super) fn at(&self, x: f64) -> f64 {
        let above = self.x.partition_point(|own| *own < x);
        match (above.checked_sub(1), self.x.get(above)) {
            _ if x.is_nan() || self.x.is_empty() => f64::NAN,
            (None, _) => self.y[0],
            (Some(below), None) => self.y[below],
            (Some(below), Some(end)) => {
                let fraction = (x - self.x[below]) / (end - self.x[below]);
                self.y[below] + (self.y[above] - self.y[below]) * fraction
            }
        }
    }

    /// Whether it is a non-decreasing function from probabilities to probabilities.
    pub(super) fn is_sound(&self) -> bool {
        let Isotonic { x, y } = self;
        !x.is_empty()
            && x.len() == y.len()
            && x.windows(2).all(|pair| pair[0] < pair[1])
            && y.windows(2).all(|pair| pair[0] <= pair[1])
            && x.iter().chain(y).all(|number| (0.0..=1.0).contains(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn violators_are_pooled() {
        let points = [(0.1, 0.0), (0.2, 1.0), (0.3, 0.0), (0.4, 1.0), (0.4, 0.0), (0.9, 1.0)];
        let fitted = Isotonic::fit(points.into_iter());
        assert_eq!(
            (&fitted.x[..], &fitted.y[..]),
            (&[0.1, 0.2, 0.4, 0.9][..], &[0.0, 0.5, 0.5, 1.0][..])
        );
        assert_eq!(
            [0.0, 0.1, 0.15, 0.3, 0.65, 1.0].map(|x| (fitted.at(x) * 1e6).round() / 1e6),
            [0.0, 0.0, 0.25, 0.5, 0.75, 1.0]
        );
        assert!(fitted.is_sound() && fitted.at(f64::NAN).is_nan());
    }

    #[test]
    fn a_falling_sequence_becomes_its_mean() {
        let fitted = Isotonic::fit([(0.1, 1.0), (0.2, 0.5), (0.3, 0.0)].into_iter());
        assert_eq!(fitted, Isotonic { x: vec![0.1, 0.3], y: vec![0.5, 0.5] });
    }
}
