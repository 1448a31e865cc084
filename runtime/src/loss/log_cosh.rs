//! The logarithm of the hyperbolic cosine: squared near the target, absolute far from it.

use super::{mean_of, Loss, TargetRow};

/// mean of ln(cosh(e)) with e = y - t, computed as |e| + ln(1 + exp(-2|e|)) - ln 2 without overflow.
/// `keras.losses.LogCosh`.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogCosh;

impl Loss for LogCosh {
    fn name(&self) -> &'static str {
        "log_cosh"
    }

    fn sample(&self, head: &[f64], target: TargetRow<'_>, gradient: &mut [f64]) -> f64 {
        mean_of(head, target, gradient, |y, t| {
            let size = (y - t).abs();
            let value = size + (-2.0 * size).exp().ln_1p() - std::f64::consts::LN_2;
            (value, (y - t).tanh())
        })
    }
}
