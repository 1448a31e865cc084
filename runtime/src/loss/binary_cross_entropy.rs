//! Cross-entropy of independent flags.

use super::{mean_of, Loss, TargetRow};

/// mean of max(z, 0) - z t + ln(1 + exp(-|z|)) for logits z: -t ln p - (1 - t) ln(1 - p) with
/// p = sigmoid(z), without overflow. `keras.losses.BinaryCrossentropy(from_logits=True)`,
/// `torch.nn.BCEWithLogitsLoss`.
#[derive(Clone, Copy, Debug, Default)]
pub struct BinaryCrossEntropy;

impl Loss for BinaryCrossEntropy {
    fn name(&self) -> &'static str {
        "binary_cross_entropy"
    }

    fn sample(&self, head: &[f64], target: TargetRow<'_>, gradient: &mut [f64]) -> f64 {
        mean_of(head, target, gradient, |z, t| {
            let value = z.max(0.0) - z * t + (-z.abs()).exp().ln_1p();
            (value, 1.0 / (1.0 + (-z).exp()) - t)
        })
    }
}
