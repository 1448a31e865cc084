//! Cross-entropy of one class out of several.

use multi_input_spec::LossForm;

use super::{log_softmax, Loss, TargetRow};

/// -sum_i t_i ln p_i for logits z, with ln p_i = z_i - max - ln(sum_j exp(z_j - max)): the t_i are
/// one-hot for a class, or probabilities. With smoothing s over N classes, each t_i becomes
/// t_i (1 - s) + s / N.
/// `keras.losses.SparseCategoricalCrossentropy(from_logits=True)`,
/// `keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing)`,
/// `torch.nn.CrossEntropyLoss(label_smoothing)`.
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "SparseCategoricalCrossentropy")]
#[doc(alias = "CategoricalCrossentropy")]
#[doc(alias = "CrossEntropyLoss")]
#[doc(alias = "categorical_crossentropy")]
#[doc(alias = "sparse_categorical_crossentropy")]
#[doc(alias = "ce")]
#[doc(alias = "xent")]
#[doc(alias = "softmax_cross_entropy")]
#[doc(alias = "softmax_cross_entropy_with_logits")]
#[doc(alias = "sparse_softmax_cross_entropy")]
#[doc(alias = "sparse_softmax_cross_entropy_with_logits")]
#[doc(alias = "cross_entropy_with_logits")]
#[doc(alias = "nll")]
pub struct CrossEntropy {
    /// The weight of the uniform distribution in a smoothed target, from 0 to below 1.
    pub label_smoothing: f64,
}

impl Loss for CrossEntropy {
    const FORM: LossForm = LossForm::of("cross_entropy");

    fn mistake(&self) -> Option<String> {
        super::not_fraction("label_smoothing", self.label_smoothing)
    }

    fn sample(&self, head: &[f64], target: TargetRow<'_>, gradient: &mut [f64]) -> f64 {
        let uniform = self.label_smoothing / head.len().max(1) as f64;
        let at = |index: usize| target.at(index) * (1.0 - self.label_smoothing) + uniform;
        let total: f64 = (0..head.len()).map(at).sum();
        let mut loss = 0.0;
        for (index, (log_p, grad)) in log_softmax(head).zip(gradient).enumerate() {
            let t = at(index);
            if t != 0.0 {
                loss -= t * log_p;
            }
            *grad = total * log_p.exp() - t;
        }
        loss
    }
}
