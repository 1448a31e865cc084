//! Ordinary least squares, to compare with.

/// Weights and intercept that minimise the squared error, by the normal equations.
pub struct LeastSquares {
    /// One for each feature, and the intercept.
    weights: Vec<f64>,
}

impl LeastSquares {
    /// Fits rows of features to their targets. Features that depend on each other linearly get the
    /// tiny ridge that makes the equations solvable.
    pub fn fit(rows: &[Vec<f64>], targets: &[f64]) -> LeastSquares {
        let width = rows.first().map_or(0, Vec::len) + 1;
        let mut normal = vec![vec![0.0; width + 1]; width];
        for (row, target) in rows.iter().zip(targets) {
            let row: Vec<f64> = row.iter().copied().chain([1.0]).collect();
            for i in 0..width {
                for j in 0..width {
                    normal[i][j] += row[i] * row[j];
                }
                normal[i][width] += row[i] * target;
            }
        }
        for (i, equation) in normal.iter_mut().enumerate() {
            equation[i] += 1e-9;
        }
        LeastSquares { weights: solve(normal) }
    }

    /// The fitted value for a row.
    pub fn predict(&self, row: &[f64]) -> f64 {
        let sum: f64 = row.iter().zip(&self.weights).map(|(x, w)| x * w).sum();
        sum + self.weights.last().copied().unwrap_or_default()
    }
}

/// Gaussian elimination with pivoting; the last column holds the right-hand sides.
fn solve(mut equations: Vec<Vec<f64>>) -> Vec<f64> {
    let n = equations.len();
    for column in 0..n {
        let pivot = (column..n)
            .max_by(|&a, &b| equations[a][column].abs().total_cmp(&equations[b][column].abs()))
            .unwrap_or(column);
        equations.swap(column, pivot);
        let pivot = equations[column].clone();
        for (row, equation) in equations.iter_mut().enumerate() {
            if row != column {
                let factor = equation[column] / pivot[column];
                equation.iter_mut().zip(&pivot).for_each(|(x, p)| *x -= factor * p);
            }
        }
    }
    (0..n).map(|i| equations[i][n] / equations[i][i]).collect()
}
