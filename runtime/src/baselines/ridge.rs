//! Linear regression with a small l2 penalty, by the normal equations.

use super::features::Matrix;

/// The l2 penalty of linear and logistic regression: scikit-learn's default for standardised
/// features.
pub(super) const PENALTY: f64 = 1.0;

/// A linear function of the features for each number of a target.
#[derive(Clone, Debug)]
pub(super) struct Ridge {
    /// For each target, the coefficients and then the intercept.
    coefficients: Vec<Vec<f64>>,
}

impl Ridge {
    /// Minimises |y - X w - b|^2 + [`PENALTY`] |w|^2 for each column of `targets`, which has a row for
    /// each row of `features`. `sklearn.linear_model.Ridge(alpha=1)`.
    pub(super) fn fit(features: &Matrix, targets: &Matrix) -> Ridge {
        let (count, width) = (features.rows.max(1) as f64, features.width);
        let mean = |matrix: &Matrix, column: usize| {
            (0..matrix.rows).map(|row| matrix.row(row)[column]).sum::<f64>() / count
        };
        let means: Vec<f64> = (0..width).map(|feature| mean(features, feature)).collect();
        let target_means: Vec<f64> =
            (0..targets.width).map(|target| mean(targets, target)).collect();
        let mut squares = vec![0.0; width * width];
        let mut products = vec![vec![0.0; width]; targets.width];
        let mut centred = vec![0.0; width];
        for row in 0..features.rows {
            let numbers = features.row(row).iter().zip(&means);
            centred.iter_mut().zip(numbers).for_each(|(own, (number, mean))| *own = number - mean);
            for (feature, number) in
                centred.iter().enumerate().filter(|(_, number)| **number != 0.0)
            {
                // The lower triangle.
                let line = &mut squares[feature * width..][..=feature];
                line.iter_mut().zip(&centred).for_each(|(sum, other)| *sum += number * other);
            }
            for ((products, target), mean) in
                products.iter_mut().zip(targets.row(row)).zip(&target_means)
            {
                products.iter_mut().zip(&centred).for_each(|(sum, x)| *sum += x * (target - mean));
            }
        }
        (0..width).for_each(|feature| squares[feature * width + feature] += PENALTY);
        factorize(&mut squares, width);
        let coefficients = products.into_iter().zip(&target_means).map(|(mut solution, target)| {
            solve(&squares, &mut solution);
            let shift: f64 = solution.iter().zip(&means).map(|(own, mean)| own * mean).sum();
            solution.push(target - shift);
            solution
        });
        Ridge { coefficients: coefficients.collect() }
    }

    /// The targets of one row of features.
    pub(super) fn predict(&self, features: &[f64]) -> Vec<f64> {
        self.coefficients.iter().map(|coefficients| linear(coefficients, features)).collect()
    }
}

/// The linear function of coefficients and, behind them, an intercept.
pub(super) fn linear(coefficients: &[f64], features: &[f64]) -> f64 {
    let intercept = coefficients.get(features.len()).copied().unwrap_or(0.0);
    features.iter().zip(coefficients).map(|(x, own)| x * own).sum::<f64>() + intercept
}

/// Replaces the lower triangle of a positive definite matrix by its Cholesky factor.
fn factorize(matrix: &mut [f64], width: usize) {
    for row in 0..width {
        for column in 0..=row {
            let (own, other) = (row * width, column * width);
            let known: f64 = (0..column).map(|k| matrix[own + k] * matrix[other + k]).sum();
            let left = matrix[own + column] - known;
            matrix[own + column] = match row == column {
                // The penalty keeps the diagonal above 0, up to rounding.
                true => left.max(f64::MIN_POSITIVE).sqrt(),
                false => left / matrix[other + column],
            };
        }
    }
}

/// Solves L L^T x = b in place.
fn solve(factor: &[f64], b: &mut [f64]) {
    let width = b.len();
    for row in 0..width {
        let known: f64 = (0..row).map(|k| factor[row * width + k] * b[k]).sum();
        b[row] = (b[row] - known) / factor[row * width + row];
    }
    for row in (0..width).rev() {
        let known: f64 = (row + 1..width).map(|k| factor[k * width + row] * b[k]).sum();
        b[row] = (b[row] - known) / factor[row * width + row];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cholesky_factor_solves_its_equations() {
        // [[4, 2], [2, 5]] x = [8, 12] has the solution [1, 2].
        let mut matrix = vec![4.0, 0.0, 2.0, 5.0];
        factorize(&mut matrix, 2);
        assert_eq!(matrix, [2.0, 0.0, 1.0, 2.0]);
        let mut b = vec![8.0, 12.0];
        solve(&matrix, &mut b);
        assert_eq!(b, [1.0, 2.0]);
    }

    #[test]
    fn one_feature_by_hand() {
        // Centred x = (-1, 0, 1) and y = 3 x + 10: w = 6 / (2 + 1) with the penalty.
        let features = Matrix { rows: 3, width: 1, numbers: vec![4.0, 5.0, 6.0] };
        let targets = Matrix { rows: 3, width: 1, numbers: vec![7.0, 10.0, 13.0] };
        let ridge = Ridge::fit(&features, &targets);
        assert_eq!(ridge.predict(&[5.0]), [10.0]);
        assert!((ridge.predict(&[6.0])[0] - 12.0).abs() < 1e-12);
    }
}
