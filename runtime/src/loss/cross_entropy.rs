//! Cross-entropy of one class out of several.

use super::{Loss, TargetRow};

/// -sum_i t_i ln p_i for logits z, with ln p_i = z_i - max - ln(sum_j exp(z_j - max)): the t_i are
/// one-hot for a class, or probabilities.
/// `keras.losses.SparseCategoricalCrossentropy(from_logits=True)`, `torch.nn.CrossEntropyLoss`.
#[derive(Clone, Copy, Debug, Default)]
pub struct CrossEntropy;

impl Loss for CrossEntropy {
    fn name(&self) -> &'static str {
        "cross_entropy"
    }

    fn sample(&self, head: &[f64], target: TargetRow<'_>, gradient: &mut [f64]) -> f64 {
        // Not `f64::max`, which would drop a NaN that training has to stop at.
        let max = head.iter().copied().fold(f64::NEG_INFINITY, |a, b| if b < a { a } else { b });
        let log_sum = head.iter().map(|z| (z - max).exp()).sum::<f64>().ln() + max;
        let total: f64 = (0..head.len()).map(|index| target.at(index)).sum();
        let mut loss = 0.0;
        for (index, (z, gradient)) in head.iter().zip(gradient).enumerate() {
            let (log_p, t) = (z - log_sum, target.at(index));
            if t != 0.0 {
                loss -= t * log_p;
            }
            *gradient = total * log_p.exp() - t;
        }
        loss
    }
}
