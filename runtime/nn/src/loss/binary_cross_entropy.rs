//! Cross-entropy of independent binary targets.

use multi_input_spec::LossForm;

use super::{mean_of, Loss, TargetRow};

/// mean of max(z, 0) - z t + ln(1 + exp(-|z|)) for logits z: -t ln p - (1 - t) ln(1 - p) with p =
/// sigmoid(z), without overflow. With smoothing s, t becomes t (1 - s) + s / 2.
/// `keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing)`,
/// `torch.nn.BCEWithLogitsLoss`.
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "BinaryCrossentropy")]
#[doc(alias = "BCEWithLogitsLoss")]
#[doc(alias = "bce")]
#[doc(alias = "binary_cross_entropy_with_logits")]
#[doc(alias = "sigmoid_cross_entropy")]
#[doc(alias = "sigmoid_cross_entropy_with_logits")]
#[doc(alias = "MultiLabelSoftMarginLoss")]
#[doc(alias = "binary_logistic")]
pub struct BinaryCrossEntropy {
    /// The weight of 1/2 in a smoothed target, from 0 to below 1.
    pub label_smoothing: f64,
}

impl Loss for BinaryCrossEntropy {
    const FORM: LossForm = LossForm::of("binary_cross_entropy");

    fn mistake(&self) -> Option<String> {
        super::not_fraction("label_smoothing", self.label_smoothing)
    }

    fn target_range(&self) -> Option<(f32, f32)> {
        Some((0.0, 1.0))
    }

    fn sample(&self, head: &[f64], target: TargetRow<'_>, gradient: &mut [f64]) -> f64 {
        let smoothing = self.label_smoothing;
        mean_of(head, target, gradient, |z, t| {
            let t = t * (1.0 - smoothing) + 0.5 * smoothing;
            let value = z.max(0.0) - z * t + (-z.abs()).exp().ln_1p();
            (value, 1.0 / (1.0 + (-z).exp()) - t)
        })
    }
}
