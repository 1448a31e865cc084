//! The Poisson loss, for counts.

use multi_input_spec::LossForm;

use super::{mean_of, Loss, TargetRow};

/// mean of y - t ln(y + 1e-7): the negative log-likelihood of the count t at the rate y, without
/// the terms that do not depend on y. End the branch in `softplus`, which keeps rates above 0.
/// `keras.losses.Poisson`, `torch.nn.PoissonNLLLoss(log_input=False, eps=1e-7)`.
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "PoissonNLLLoss")]
#[doc(alias = "poisson_deviance")]
pub struct Poisson;

const EPSILON: f64 = 1e-7;

impl Loss for Poisson {
    const FORM: LossForm = LossForm::of("poisson");

    fn target_range(&self) -> Option<(f32, f32)> {
        Some((0.0, f32::INFINITY))
    }

    fn sample(&self, head: &[f64], target: TargetRow<'_>, gradient: &mut [f64]) -> f64 {
        mean_of(head, target, gradient, |y, t| {
            (y - t * (y + EPSILON).ln(), 1.0 - t / (y + EPSILON))
        })
    }
}
