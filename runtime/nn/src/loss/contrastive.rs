//! The contrastive loss of a pair, by the distance of its embeddings.

use multi_input_spec::LossForm;

use super::{mean_of, Loss, Real, TargetRow};

/// d^2 for a pair that belongs together (true), max(0, margin - d)^2 for one that does not, of the
/// distance d of two embeddings, which the merge `distance` gives (Hadsell, Chopra, LeCun 2006). So
/// pairs that belong together are drawn together, and others pushed apart up to the margin.
///
/// The prediction is the score 1 / (1 + exp(d - margin / 2)), above 0.5 where the distance is below
/// half of the margin; it orders pairs, but is no calibrated probability.
///
/// `tensorflow_addons.losses.ContrastiveLoss(margin)`,
/// `pytorch_metric_learning.losses.ContrastiveLoss` with squared distances.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "ContrastiveLoss")]
pub struct Contrastive {
    /// The distance from which pairs that do not belong together cost nothing.
    pub margin: f64,
}

impl Default for Contrastive {
    fn default() -> Contrastive {
        Contrastive { margin: 1.0 }
    }
}

impl Loss for Contrastive {
    const FORM: LossForm = LossForm::of("contrastive");

    fn mistake(&self) -> Option<String> {
        super::not_positive("margin", self.margin)
    }

    fn sample(&self, head: &[f64], target: TargetRow<'_>, gradient: &mut [f64]) -> f64 {
        mean_of(head, target, gradient, |distance, t| {
            let gap = self.margin - distance;
            // For a NaN the comparison is false, so the loss is NaN and training stops.
            let (apart, grad) = if gap <= 0.0 { (0.0, 0.0) } else { (gap * gap, -2.0 * gap) };
            (t * distance * distance + (1.0 - t) * apart, 2.0 * t * distance + (1.0 - t) * grad)
        })
    }

    fn identity(&self) -> String {
        format!("margin = {}", self.margin)
    }

    fn predict(&self, head: &[f64], prediction: &mut [f64]) {
        for (score, distance) in prediction.iter_mut().zip(head) {
            *score = Real::sigmoid(self.margin / 2.0 - distance);
        }
    }
}
