//! The negative log-likelihood of a normal distribution, whose mean and variance are predicted.

use multi_input_spec::LossForm;

use super::{LossFormula, Real, TargetRow};

/// The mean over the elements of (t - m)^2 / (2 v) + ln(v) / 2 + ln(2 pi) / 2: minus the logarithm
/// of the density of the target t under a normal distribution with the mean m and the variance v.
/// The head has two numbers for each number of the target: m = h_1 and v = softplus(h_2) + 1e-6.
/// `torch.nn.GaussianNLLLoss(full=True)`.
///
/// The loss is in the unit of the encoded target: after `standardize` it differs from that in the
/// user's unit by the logarithm of the scale.
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "GaussianNLLLoss")]
#[doc(alias = "normal")]
#[doc(alias = "gaussian_likelihood")]
pub struct Gaussian;

/// The least variance.
const LEAST: f64 = 1e-6;

impl LossFormula for Gaussian {
    const FORM: LossForm = LossForm::of("gaussian");

    fn value<N: Real>(&self, head: &[N], target: TargetRow<'_>) -> N {
        let ln_2_pi = (2.0 * std::f64::consts::PI).ln();
        let elements = head.chunks_exact(2).enumerate().map(|(index, head)| {
            let (error, variance) = (head[0] - target.at(index), head[1].softplus() + LEAST);
            (error * error / variance + variance.ln() + ln_2_pi) * 0.5
        });
        elements.sum::<N>() / (head.len() / 2).max(1) as f64
    }

    fn predict(&self, head: &[f64], prediction: &mut [f64]) {
        for (head, prediction) in head.chunks_exact(2).zip(prediction.chunks_exact_mut(2)) {
            prediction.copy_from_slice(&[head[0], (head[1].softplus() + LEAST).sqrt()]);
        }
    }
}
