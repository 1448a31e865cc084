//! The mean squared error.

use multi_input_spec::LossForm;

use super::{mean_of, Loss, TargetRow};

/// mean((y - t)^2). `keras.losses.MeanSquaredError`, `torch.nn.MSELoss`.
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "MeanSquaredError")]
#[doc(alias = "MSELoss")]
#[doc(alias = "mean_squared_error")]
#[doc(alias = "l2")]
#[doc(alias = "squared_error")]
#[doc(alias = "mean_square_error")]
pub struct Mse;

impl Loss for Mse {
    const FORM: LossForm = LossForm::of("mse");

    fn sample(&self, head: &[f64], target: TargetRow<'_>, gradient: &mut [f64]) -> f64 {
        mean_of(head, target, gradient, |y, t| ((y - t) * (y - t), 2.0 * (y - t)))
    }
}
