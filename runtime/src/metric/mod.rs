//! What is reported besides the loss, one file a metric, computed row by row in the user's unit.

mod accuracy;
mod mae;
mod mse;
mod r2;
mod rmse;

pub use crate::loss::TargetRow;
pub use accuracy::Accuracy;
pub use mae::Mae;
pub use mse::Mse;
pub use r2::R2;
pub use rmse::Rmse;

/// A figure of how good predictions are.
pub trait Metric: std::fmt::Debug + Sync {
    /// The name in the DSL.
    fn name(&self) -> &'static str;
    /// Which way is better.
    fn direction(&self) -> Direction;
    /// The metric over no rows yet.
    fn start(&self) -> Box<dyn Running>;
}

/// That output number `OUTPUT` of a model lists the metric `X` in its `metrics(...)`.
#[diagnostic::on_unimplemented(
    message = "output {OUTPUT} of `{Self}` does not report the metric `{X}`",
    label = "not among the `metrics(...)` of this output",
    note = "add the metric to `#[output(..., metrics(...))]`, or watch one that is there"
)]
pub trait Reported<X, const OUTPUT: usize> {}

/// Which way a figure gets better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Like an error.
    Lower,
    /// Like an accuracy.
    Higher,
}

/// A metric over the rows so far.
pub trait Running {
    /// Takes one row, which counts `weight` times.
    fn update(&mut self, prediction: &[f64], target: TargetRow<'_>, weight: f64);
    /// The metric over all rows so far; NaN before the first.
    fn value(&self) -> f64;
    /// All that it keeps of the rows so far, for a checkpoint in the middle of an epoch.
    fn state(&self) -> Vec<f64>;
    /// Goes on from a state.
    fn set_state(&mut self, state: &[f64]);
}

/// A weighted mean of one number a row.
struct Mean {
    of_row: fn(&[f64], TargetRow<'_>) -> f64,
    sum: f64,
    weight: f64,
}

impl Mean {
    fn of(of_row: fn(&[f64], TargetRow<'_>) -> f64) -> Mean {
        Mean { of_row, sum: 0.0, weight: 0.0 }
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
}

/// The mean over a row's elements of a function of the error.
fn mean_error(prediction: &[f64], target: TargetRow<'_>, of: impl Fn(f64) -> f64) -> f64 {
    let errors = prediction.iter().enumerate().map(|(index, y)| of(y - target.at(index)));
    errors.sum::<f64>() / prediction.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(metric: &dyn Metric, rows: &[(&[f64], TargetRow<'_>)]) -> f64 {
        let mut running = metric.start();
        rows.iter().for_each(|(prediction, target)| running.update(prediction, *target, 1.0));
        running.value()
    }

    #[test]
    fn errors_have_their_literal_values() {
        let rows: [(&[f64], TargetRow<'_>); 3] = [
            (&[1.0], TargetRow::Numbers(&[1.0])),
            (&[2.0], TargetRow::Numbers(&[4.0])),
            (&[3.0], TargetRow::Numbers(&[4.0])),
        ];
        assert_eq!(over(&Mae, &rows), 1.0);
        assert_eq!(over(&Mse, &rows), 5.0 / 3.0);
        assert_eq!(over(&Rmse, &rows), (5.0f64 / 3.0).sqrt());
        // sklearn.metrics.r2_score([1, 4, 4], [1, 2, 3]) = 1 - 5 / 6.
        assert!((over(&R2, &rows) - 1.0 / 6.0).abs() < 1e-12);
        assert!(over(&Mae, &[]).is_nan());
    }

    #[test]
    fn r2_is_the_mean_over_columns_and_defined_for_constant_targets() {
        let rows: [(&[f64], TargetRow<'_>); 2] = [
            (&[1.0, 5.0], TargetRow::Numbers(&[1.0, 5.0])),
            (&[3.0, 5.0], TargetRow::Numbers(&[3.0, 5.0])),
        ];
        assert_eq!(over(&R2, &rows), 1.0);
        let constant: [(&[f64], TargetRow<'_>); 2] =
            [(&[1.0], TargetRow::Numbers(&[5.0])), (&[3.0], TargetRow::Numbers(&[5.0]))];
        assert_eq!(over(&R2, &constant), 0.0);
    }

    #[test]
    fn accuracy_takes_the_largest_class_and_the_nearer_flag() {
        let rows: [(&[f64], TargetRow<'_>); 3] = [
            (&[0.1, 0.7, 0.2], TargetRow::Class(1)),
            (&[0.4, 0.4, 0.2], TargetRow::Class(0)),
            (&[0.4, 0.4, 0.2], TargetRow::Class(1)),
        ];
        assert_eq!(over(&Accuracy, &rows), 2.0 / 3.0);
        let flags: [(&[f64], TargetRow<'_>); 2] =
            [(&[0.51], TargetRow::Numbers(&[1.0])), (&[0.5], TargetRow::Numbers(&[1.0]))];
        assert_eq!(over(&Accuracy, &flags), 0.5);
    }
}
