//! The triplet loss: which of two embeddings is the nearer one.

use multi_input_spec::LossForm;

use super::{Loss, Real, TargetRow};

/// max(0, near - far + margin) of the distances of an anchor from the embedding that belongs to it,
/// near, and from one that does not, far (Schroff, Kalenichenko, Philbin 2015). The head has the two
/// distances, `concat(to_first, to_second)` of two merges `distance`; the target says whether the
/// first one belongs to the anchor. Triplets in the order anchor, positive, negative have the target
/// true in every row.
///
/// The prediction is the score 1 / (1 + exp(first - second)) that the first belongs to the anchor.
///
/// `torch.nn.TripletMarginLoss(margin)`, `tensorflow_addons.losses.TripletSemiHardLoss` without the
/// choice of triplets.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "TripletMarginLoss")]
pub struct Triplet {
    /// How much nearer the one has to be.
    pub margin: f64,
}

impl Default for Triplet {
    fn default() -> Triplet {
        Triplet { margin: 1.0 }
    }
}

impl Loss for Triplet {
    const FORM: LossForm = LossForm::of("triplet");

    fn mistake(&self) -> Option<String> {
        super::not_positive("margin", self.margin)
    }

    fn sample(&self, head: &[f64], target: TargetRow<'_>, gradient: &mut [f64]) -> f64 {
        let [first, second] = *head else { return f64::NAN };
        let sign = if target.at(0) > 0.5 { 1.0 } else { -1.0 };
        let excess = sign * (first - second) + self.margin;
        // For a NaN the comparison is false, so the loss is NaN and training stops.
        let grad = if excess <= 0.0 { 0.0 } else { sign };
        gradient.copy_from_slice(&[grad, -grad]);
        if excess <= 0.0 {
            0.0
        } else {
            excess
        }
    }
}

/// The score that the first of two belongs to the anchor, by their distances.
pub(super) fn score(distances: &[f64], prediction: &mut [f64]) {
    if let ([first, second], [score]) = (distances, prediction) {
        *score = Real::sigmoid(second - first);
    }
}
