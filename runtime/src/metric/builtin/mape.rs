//! The mean absolute percentage error.

use crate::metric::{Direction, Mean, Metric, Running, Target, TargetRow, NUMBERS};

/// 100 mean(|y - t| / max(|t|, 1e-7)) over all elements, in percent.
/// `keras.metrics.MeanAbsolutePercentageError`; 100 times
/// `sklearn.metrics.mean_absolute_percentage_error`.
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "MeanAbsolutePercentageError")]
#[doc(alias = "mean_absolute_percentage_error")]
pub struct Mape;

impl Metric for Mape {
    const NAME: &'static str = "mape";
    const TARGETS: &'static [Target] = NUMBERS;

    fn direction(&self) -> Direction {
        Direction::Lower
    }
    fn start(&self) -> Box<dyn Running> {
        Box::new(Mean::of(of_row))
    }
}

fn of_row(prediction: &[f64], target: TargetRow<'_>) -> f64 {
    let share = |(index, y): (usize, &f64)| {
        let t = target.at(index);
        (y - t).abs() / t.abs().max(1e-7)
    };
    let sum: f64 = prediction.iter().enumerate().map(share).sum();
    100.0 * sum / prediction.len().max(1) as f64
}
