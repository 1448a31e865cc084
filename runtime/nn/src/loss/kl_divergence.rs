//! The Kullback-Leibler divergence of a predicted distribution from a target distribution.

use multi_input_spec::LossForm;

use super::{log_softmax, Loss, TargetRow};

/// sum_i t_i (ln t_i - ln p_i) for logits z with p = softmax(z), where t_i is at least 1e-7.
/// `keras.losses.KLDivergence` after a softmax; `torch.nn.KLDivLoss(reduction="batchmean")`.
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "KLDivergence")]
#[doc(alias = "KLDivLoss")]
#[doc(alias = "kld")]
#[doc(alias = "kl")]
#[doc(alias = "kullback_leibler")]
#[doc(alias = "kullback_leibler_divergence")]
pub struct KlDivergence;

const SMALLEST: f64 = 1e-7;

impl Loss for KlDivergence {
    const FORM: LossForm = LossForm::of("kl_divergence");

    fn target_range(&self) -> Option<(f32, f32)> {
        Some((0.0, 1.0))
    }

    fn sample(&self, head: &[f64], target: TargetRow<'_>, gradient: &mut [f64]) -> f64 {
        let at = |index: usize| target.at(index).max(SMALLEST);
        let total: f64 = (0..head.len()).map(at).sum();
        let mut loss = 0.0;
        for (index, (log_p, grad)) in log_softmax(head).zip(gradient).enumerate() {
            let t = at(index);
            loss += t * (t.ln() - log_p);
            *grad = total * log_p.exp() - t;
        }
        loss
    }
}
