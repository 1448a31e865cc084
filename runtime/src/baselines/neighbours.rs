//! Nearest neighbours.

use super::features::Matrix;

/// Number of neighbours: scikit-learn's default.
const NEIGHBOURS: usize = 5;

/// The targets of the training rows by their features.
#[derive(Clone, Debug)]
pub(super) struct Neighbours {
    features: Matrix,
    targets: Matrix,
}

impl Neighbours {
    /// Stores rows. `sklearn.neighbors.KNeighborsRegressor(5)`; with one-hot vectors as targets
    /// `KNeighborsClassifier(5)`.
    pub(super) fn new(features: Matrix, targets: Matrix) -> Neighbours {
        Neighbours { features, targets }
    }

    /// The mean target of the nearest rows by Euclidean distance, the first ones of several at the
    /// same distance.
    pub(super) fn predict(&self, features: &[f64]) -> Vec<f64> {
        let distance = |row: usize| {
            let others = self.features.row(row).iter().zip(features);
            others.map(|(own, other)| (own - other) * (own - other)).sum::<f64>()
        };
        // Ascending by distance.
        let mut nearest: Vec<(f64, usize)> = Vec::with_capacity(NEIGHBOURS + 1);
        for row in 0..self.features.rows {
            let distance = distance(row);
            if nearest.len() == NEIGHBOURS
                && nearest.last().is_some_and(|(far, _)| distance >= *far)
            {
                continue;
            }
            let place = nearest.partition_point(|(other, _)| *other <= distance);
            nearest.insert(place, (distance, row));
            nearest.truncate(NEIGHBOURS);
        }
        let count = nearest.len().max(1) as f64;
        let mut mean = vec![0.0; self.targets.width];
        for (_, row) in nearest {
            let target = self.targets.row(row);
            mean.iter_mut().zip(target).for_each(|(mean, target)| *mean += target / count);
        }
        mean
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_five_nearest_rows_are_averaged() {
        let numbers: Vec<f64> = (0..10).map(f64::from).collect();
        let features = Matrix { rows: 10, width: 1, numbers: numbers.clone() };
        let neighbours = Neighbours::new(features, Matrix { rows: 10, width: 1, numbers });
        assert!((neighbours.predict(&[4.0])[0] - 4.0).abs() < 1e-12);
        assert!((neighbours.predict(&[100.0])[0] - 7.0).abs() < 1e-12);
        // Rows 2 and 7 are as far: the first one counts.
        assert!((neighbours.predict(&[4.5])[0] - 4.0).abs() < 1e-12);
    }
}
