//! Nearest neighbours.

use super::features::Matrix;

/// Number of neighbours: scikit-learn's default.
const NEIGHBOURS: usize = 5;

/// Training rows by their features. Outputs whose rows are the same share them.
#[derive(Clone, Debug)]
pub(super) struct Neighbours {
    /// The numbers of the training rows.
    pub(super) rows: Vec<usize>,
    features: Matrix,
}

impl Neighbours {
    /// Stores rows and their features. `sklearn.neighbors.KNeighborsRegressor(5)`; with one-hot vectors
    /// as targets `KNeighborsClassifier(5)`.
    pub(super) fn new(rows: Vec<usize>, features: Matrix) -> Neighbours {
        Neighbours { rows, features }
    }

    /// The nearest rows by Euclidean distance, as indices of [`rows`](Neighbours::rows); the first ones
    /// of several at the same distance.
    pub(super) fn nearest(&self, features: &[f64]) -> Vec<usize> {
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
        nearest.into_iter().map(|(_, row)| row).collect()
    }
}

/// The mean target of some rows.
pub(super) fn mean(targets: &Matrix, rows: &[usize]) -> Vec<f64> {
    let count = rows.len().max(1) as f64;
    let mut mean = vec![0.0; targets.width];
    for row in rows {
        mean.iter_mut().zip(targets.row(*row)).for_each(|(mean, target)| *mean += target / count);
    }
    mean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_five_nearest_rows_are_averaged() {
        let numbers: Vec<f64> = (0..10).map(f64::from).collect();
        let features = Matrix { rows: 10, width: 1, numbers: numbers.clone() };
        let neighbours = Neighbours::new((0..10).collect(), features);
        let targets = Matrix { rows: 10, width: 1, numbers };
        let predict = |at: f64| mean(&targets, &neighbours.nearest(&[at]))[0];
        assert!((predict(4.0) - 4.0).abs() < 1e-12);
        assert!((predict(100.0) - 7.0).abs() < 1e-12);
        // Rows 2 and 7 are as far: the first one counts.
        assert!((predict(4.5) - 4.0).abs() < 1e-12);
    }
}
