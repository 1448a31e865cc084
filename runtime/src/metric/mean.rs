//! The mean of one number per row.

use super::{Running, TargetRow};

/// The accumulator of a weighted mean over the rows: sum(w f(y, t)) / sum(w), for a function f of
/// the prediction and the target of a row. `keras.metrics.MeanMetricWrapper`,
/// `torchmetrics.MeanMetric`.
///
/// ```
/// use multi_input::metric::{Mean, Running, TargetRow};
///
/// let mut mean = Mean::of(|prediction, target| (prediction[0] - target.at(0)).abs());
/// mean.update(&[1.0], TargetRow::Numbers(&[4.0]), 1.0);
/// mean.update(&[2.0], TargetRow::Numbers(&[2.0]), 2.0);
/// assert_eq!(mean.value(), 1.0);
/// ```
pub struct Mean {
    of_row: Box<dyn Fn(&[f64], TargetRow<'_>) -> f64>,
    sum: f64,
    weight: f64,
}

impl Mean {
    /// The mean of `of_row` before the first row.
    pub fn of(of_row: impl Fn(&[f64], TargetRow<'_>) -> f64 + 'static) -> Mean {
        Mean { of_row: Box::new(of_row), sum: 0.0, weight: 0.0 }
    }
}

impl Running for Mean {
    fn update(&mut self, prediction: &[f64], target: TargetRow<'_>, weight: f64) {
        self.sum += weight * (self.of_row)(prediction, target);
        self.weight += weight;
    }
    fn value(&self) -> f64 {
        self.sum / self.weight
    }
    fn state(&self) -> Vec<f64> {
        vec![self.sum, self.weight]
    }
    fn set_state(&mut self, state: &[f64]) {
        if let [sum, weight] = *state {
            (self.sum, self.weight) = (sum, weight);
        }
    }
    fn merge(&mut self, state: &[f64]) {
        if let [sum, weight] = *state {
            self.sum += sum;
            self.weight += weight;
        }
    }
}

/// The mean over a row's elements of a function of the error.
pub(super) fn mean_error(
    prediction: &[f64],
    target: TargetRow<'_>,
    of: impl Fn(f64) -> f64,
) -> f64 {
    let errors = prediction.iter().enumerate().map(|(index, y)| of(y - target.at(index)));
    errors.sum::<f64>() / prediction.len().max(1) as f64
}
