//! The mean absolute error.

use crate::metric::{mean::mean_error, Direction, Mean, Metric, Running, Target, NUMBERS};

/// mean(|y - t|) over all elements, in the target's unit. `keras.metrics.MeanAbsoluteError`;
/// `torchmetrics.MeanAbsoluteError`.
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "MeanAbsoluteError")]
#[doc(alias = "mean_absolute_error")]
#[doc(alias = "l1")]
pub struct Mae;

impl Metric for Mae {
    const NAME: &'static str = "mae";
    const TARGETS: &'static [Target] = NUMBERS;

    fn direction(&self) -> Direction {
        Direction::Lower
    }
    fn start(&self) -> Box<dyn Running> {
        Box::new(Mean::of(|prediction, target| mean_error(prediction, target, f64::abs)))
    }
}
