//! Metrics, one file each, computed row by row in the user's unit.

mod accuracy;
mod auc;
pub(crate) mod confusion;
mod confusion_matrix;
mod f1;
mod label_metrics;
mod mae;
mod mape;
mod mse;
mod precision;
mod r2;
mod recall;
mod rmse;
mod score_histogram;
mod targets;
mod top_k;

pub use accuracy::Accuracy;
pub use auc::Auc;
pub use confusion_matrix::ConfusionMatrix;
pub use f1::F1;
pub use label_metrics::LabelMetrics;
pub use mae::Mae;
pub use mape::Mape;
pub use mse::Mse;
pub use multi_input_nn::loss::TargetRow;
pub use precision::Precision;
pub use r2::R2;
pub use recall::Recall;
pub use rmse::Rmse;
pub use targets::Targets;
pub use top_k::TopK;

/// A metric.
pub trait Metric: std::fmt::Debug + Sync {
    /// The name in the DSL.
    fn name(&self) -> &'static str;
    /// The direction in which the metric improves.
    fn direction(&self) -> Direction;
    /// The accumulator of the metric, before the first row.
    fn start(&self) -> Box<dyn Running>;
    /// The accumulators for `labels` labels of a target `[bool; N]`, each of which takes one
    /// prediction and one flag.
    fn start_labels(&self, labels: usize) -> Vec<Box<dyn Running>> {
        (0..labels).map(|_| self.start()).collect()
    }
    /// Why the metric is undefined on rows with these targets, in words that can follow a colon;
    /// `None` if it is defined.
    fn undefined_for(&self, targets: &Targets) -> Option<String> {
        let _ = targets;
        None
    }
}

/// A metric that output number `OUTPUT` of the model `M` lists in its `metrics(...)`.
#[diagnostic::on_unimplemented(
    message = "output {OUTPUT} of `{M}` does not report the metric `{Self}`",
    label = "not among the `metrics(...)` of this output",
    note = "add the metric to `#[output(..., metrics(...))]`, or watch one that is there"
)]
pub trait ReportedBy<M, const OUTPUT: usize>: Metric {}

/// The direction in which a figure improves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Lower is better, as for an error.
    Lower,
    /// Higher is better, as for an accuracy.
    Higher,
}

/// The accumulator of a metric.
pub trait Running {
    /// Adds a row with a weight. `update_state` in Keras.
    fn update(&mut self, prediction: &[f64], target: TargetRow<'_>, weight: f64);
    /// The metric over all rows so far; NaN before the first. `result` in Keras.
    fn value(&self) -> f64;
    /// Whether the rows so far are too much alike for a value, as for the AUC where all of them are
    /// true. The mean over labels leaves such a label out.
    fn lacks_rows(&self) -> bool {
        false
    }
    /// The accumulated state, for a checkpoint in the middle of an epoch.
    fn state(&self) -> Vec<f64>;
    /// Restores a state. An invalid state is refused, so that [`state`](Running::state) then
    /// differs from it.
    fn set_state(&mut self, state: &[f64]);
}

/// The weighted mean of one number per row.
struct Mean {
    of_row: Box<dyn Fn(&[f64], TargetRow<'_>) -> f64>,
    sum: f64,
    weight: f64,
}

impl Mean {
    fn of(of_row: impl Fn(&[f64], TargetRow<'_>) -> f64 + 'static) -> Mean {
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

    /// Every metric that some target fits, with rows for it.
    #[test]
    fn a_state_is_all_that_is_kept() {
        let classes: Vec<([f64; 3], TargetRow<'_>)> = (0..12)
            .map(|i| {
                let y = |k: f64| (f64::from(i) * k).sin().abs();
                ([y(0.3), y(1.7), y(0.9)], TargetRow::Class(i as usize % 3))
            })
            .collect();
        let numbers: Vec<([f64; 3], TargetRow<'_>)> =
            classes.iter().map(|(y, _)| (*y, TargetRow::Numbers(&[1.0, 0.0, 1.0]))).collect();
        let of_classes: [&dyn Metric; 6] =
            [&Accuracy, &Precision, &Recall, &F1, &Auc, &TopK { k: 2 }];
        let of_numbers: [&dyn Metric; 9] =
            [&Mae, &Mse, &Rmse, &Mape, &R2, &Accuracy, &Precision, &F1, &Auc];
        let cases = of_classes.iter().map(|metric| (metric, &classes));
        for (metric, rows) in cases.chain(of_numbers.iter().map(|metric| (metric, &numbers))) {
            let (mut whole, mut first) = (metric.start(), metric.start());
            rows.iter().for_each(|(y, t)| whole.update(y, *t, 1.5));
            rows[..5].iter().for_each(|(y, t)| first.update(y, *t, 1.5));
            let mut second = metric.start();
            second.set_state(&first.state());
            assert_eq!(second.state(), first.state(), "{metric:?}");
            rows[5..].iter().for_each(|(y, t)| second.update(y, *t, 1.5));
            assert_eq!(second.value(), whole.value(), "{metric:?}");
            assert!(whole.value().is_finite(), "{metric:?}");
            assert!(metric.start().value().is_nan(), "{metric:?}");
        }
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
