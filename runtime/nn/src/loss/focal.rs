//! Focal loss of one class out of several.

use multi_input_spec::LossForm;

use super::{log_softmax, Loss, TargetRow};

/// -alpha (1 - p_t)^gamma ln p_t for logits z, with p_t the softmax of the row's class.
/// `keras.losses.CategoricalFocalCrossentropy(alpha, gamma)`.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "CategoricalFocalCrossentropy")]
#[doc(alias = "categorical_focal_crossentropy")]
pub struct Focal {
    /// The focusing parameter, which reduces the weight of correct predictions.
    pub gamma: f64,
    /// The weight of the loss.
    pub alpha: f64,
}

impl Default for Focal {
    fn default() -> Focal {
        Focal { gamma: 2.0, alpha: 0.25 }
    }
}

impl Loss for Focal {
    const FORM: LossForm = LossForm::of("focal");

    fn mistake(&self) -> Option<String> {
        super::not_positive("gamma", self.gamma)
            .or_else(|| super::not_positive("alpha", self.alpha))
    }

    fn sample(&self, head: &[f64], target: TargetRow<'_>, gradient: &mut [f64]) -> f64 {
        let log_p: Vec<f64> = log_softmax(head).collect();
        let mut loss = 0.0;
        gradient.fill(0.0);
        for (index, &own) in log_p.iter().enumerate() {
            let t = target.at(index);
            if t == 0.0 {
                continue;
            }
            let (p, wrong) = (own.exp(), -own.exp_m1());
            let factor = wrong.powf(self.gamma);
            loss -= self.alpha * t * factor * own;
            // The limit for p = 1 is 0.
            let curve = match wrong == 0.0 {
                true => 0.0,
                false => self.gamma * wrong.powf(self.gamma - 1.0) * p * own,
            };
            let by_log_p = self.alpha * t * (curve - factor);
            for (other, (grad, log_p)) in gradient.iter_mut().zip(&log_p).enumerate() {
                let one = f64::from(u8::from(other == index));
                *grad += by_log_p * (one - log_p.exp());
            }
        }
        loss
    }
}
