//! The cosine similarity of two vectors.

use multi_input_spec::LossForm;

use super::{Loss, TargetRow};

/// -sum_i (y_i / |y|) (t_i / |t|), from -1 for equal directions to 1 for opposite ones; lengths are
/// at least 1e-7. `keras.losses.CosineSimilarity`, `-torch.nn.CosineSimilarity`.
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "cosine")]
#[doc(alias = "cosine_proximity")]
#[doc(alias = "cosine_distance")]
pub struct CosineSimilarity;

const SHORTEST: f64 = 1e-7;

impl Loss for CosineSimilarity {
    const FORM: LossForm = LossForm::of("cosine_similarity");

    fn sample(&self, head: &[f64], target: TargetRow<'_>, gradient: &mut [f64]) -> f64 {
        let square = |x: f64| x * x;
        let targets = || (0..head.len()).map(|index| target.at(index));
        let own = head.iter().copied().map(square).sum::<f64>().sqrt();
        // Not `f64::max`, which would drop a NaN, at which training must stop.
        let length = if own < SHORTEST { SHORTEST } else { own };
        let target_length = targets().map(square).sum::<f64>().sqrt().max(SHORTEST);
        let cosine =
            head.iter().zip(targets()).map(|(y, t)| y * t).sum::<f64>() / (length * target_length);
        for ((grad, y), t) in gradient.iter_mut().zip(head).zip(targets()) {
            // Below the limit the length is a constant, through which no gradient flows.
            let along = if own < SHORTEST { 0.0 } else { cosine * y / length };
            *grad = -(t / target_length - along) / length;
        }
        -cosine
    }
}
