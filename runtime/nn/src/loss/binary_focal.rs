//! Focal loss of independent binary targets.

use multi_input_spec::LossForm;

use super::{mean_of, Loss, TargetRow};

/// mean of (1 - p_t)^gamma (-ln p_t) for logits z, where p_t = sigmoid(z) for a target of 1 and 1 -
/// sigmoid(z) for a target of 0. `keras.losses.BinaryFocalCrossentropy(gamma)`,
/// `torchvision.ops.sigmoid_focal_loss(alpha=-1)`.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "BinaryFocalCrossentropy")]
#[doc(alias = "sigmoid_focal_loss")]
#[doc(alias = "binary_focal_crossentropy")]
#[doc(alias = "sigmoid_focal_crossentropy")]
pub struct BinaryFocal {
    /// The focusing parameter, which reduces the weight of correct predictions; 0 gives the
    /// cross-entropy.
    pub gamma: f64,
}

/// [`BinaryFocal`] weighted by `alpha` for targets of 1 and by 1 - `alpha` for targets of 0.
/// `keras.losses.BinaryFocalCrossentropy(apply_class_balancing=True, alpha, gamma)`.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "BinaryFocalCrossentropy")]
#[doc(alias = "sigmoid_focal_loss")]
#[doc(alias = "alpha_balanced_focal")]
pub struct BalancedBinaryFocal {
    /// The focusing parameter, which reduces the weight of correct predictions.
    pub gamma: f64,
    /// The weight of targets of 1.
    pub alpha: f64,
}

impl Default for BinaryFocal {
    fn default() -> BinaryFocal {
        BinaryFocal { gamma: 2.0 }
    }
}

impl Default for BalancedBinaryFocal {
    fn default() -> BalancedBinaryFocal {
        BalancedBinaryFocal { gamma: 2.0, alpha: 0.25 }
    }
}

/// Value and derivative for one logit, with s = z for a target of 1 and s = -z for a target of 0.
fn element(gamma: f64, z: f64, t: f64) -> (f64, f64) {
    let sign = if t > 0.5 { 1.0 } else { -1.0 };
    let s = sign * z;
    let wrong = 1.0 / (1.0 + s.exp());
    let entropy = (-s).max(0.0) + (-s.abs()).exp().ln_1p();
    let factor = wrong.powf(gamma);
    (factor * entropy, -sign * factor * (gamma * (1.0 - wrong) * entropy + wrong))
}

impl Loss for BinaryFocal {
    const FORM: LossForm = LossForm::of("binary_focal");

    fn mistake(&self) -> Option<String> {
        super::not_positive("gamma", self.gamma)
    }

    fn sample(&self, head: &[f64], target: TargetRow<'_>, gradient: &mut [f64]) -> f64 {
        mean_of(head, target, gradient, |z, t| element(self.gamma, z, t))
    }
}

impl Loss for BalancedBinaryFocal {
    const FORM: LossForm = LossForm::of("balanced_binary_focal");

    fn mistake(&self) -> Option<String> {
        super::not_positive("gamma", self.gamma)
            .or_else(|| super::not_fraction("alpha", self.alpha))
    }

    fn sample(&self, head: &[f64], target: TargetRow<'_>, gradient: &mut [f64]) -> f64 {
        mean_of(head, target, gradient, |z, t| {
            let weight = if t > 0.5 { self.alpha } else { 1.0 - self.alpha };
            let (value, grad) = element(self.gamma, z, t);
            (weight * value, weight * grad)
        })
    }
}
