//! The mean squared error.

use crate::metric::{mean::mean_error, Direction, Mean, Metric, Running, Target, NUMBERS};

/// mean((y - t)^2) over all elements. `keras.metrics.MeanSquaredError`;
/// `torchmetrics.MeanSquaredError`.
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "MeanSquaredError")]
#[doc(alias = "mean_squared_error")]
#[doc(alias = "l2")]
pub struct Mse;

impl Metric for Mse {
    const NAME: &'static str = "mse";
    const TARGETS: &'static [Target] = NUMBERS;

    fn direction(&self) -> Direction {
        Direction::Lower
    }
    fn start(&self) -> Box<dyn Running> {
        Box::new(Mean::of(|prediction, target| mean_error(prediction, target, |e| e * e)))
    }
}
