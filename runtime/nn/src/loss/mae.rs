//! The mean absolute error.

use multi_input_spec::LossForm;

use super::{mean_of, Loss, TargetRow};

/// mean(|y - t|), with derivative 0 where y = t. `keras.losses.MeanAbsoluteError`,
/// `torch.nn.L1Loss`.
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "MeanAbsoluteError")]
#[doc(alias = "L1Loss")]
#[doc(alias = "mean_absolute_error")]
#[doc(alias = "absolute_error")]
pub struct Mae;

impl Loss for Mae {
    const FORM: LossForm = LossForm::of("mae");

    fn sample(&self, head: &[f64], target: TargetRow<'_>, gradient: &mut [f64]) -> f64 {
        mean_of(head, target, gradient, |y, t| {
            let grad = if y == t { 0.0 } else { (y - t).signum() };
            ((y - t).abs(), grad)
        })
    }
}
