//! Gradients that are too large, made smaller.

use multi_input_kernel::Element;
use multi_input_nn::sparse::Tables;

use super::gradients::StepGradients;

/// How gradients are kept from growing too large. Keras takes three arguments of which one wins;
/// here there is one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Clip {
    /// Each tensor's gradient is scaled down to this length: g * limit / max(|g|, limit).
    /// `clipnorm` of Keras's optimizers.
    Norm(f64),
    /// All gradients together are scaled down to this length. `global_clipnorm` of Keras's
    /// optimizers; `torch.nn.utils.clip_grad_norm_`.
    GlobalNorm(f64),
    /// Each number is brought between -limit and limit. `clipvalue` of Keras's optimizers;
    /// `torch.nn.utils.clip_grad_value_`.
    Value(f64),
}

impl Clip {
    pub(super) fn mistake(&self) -> Option<String> {
        let (Clip::Norm(limit) | Clip::GlobalNorm(limit) | Clip::Value(limit)) = *self;
        let sound = limit > 0.0 && limit.is_finite();
        (!sound).then(|| format!("the limit of `clip` must be a number above 0, but is {limit}"))
    }

    /// Clips the gradients of the tensors that `counts` names; the others change nothing.
    pub(super) fn apply<E: Element>(
        self,
        gradients: &mut StepGradients<E>,
        tables: &mut Tables<E>,
        counts: impl Fn(usize) -> bool,
    ) {
        match self {
            Clip::Value(limit) => {
                let limit = E::of(limit);
                gradients.each(tables, |_, gradient| {
                    gradient.iter_mut().for_each(|g| *g = g.max(-limit).min(limit));
                });
            }
            Clip::Norm(limit) => gradients.each(tables, |_, gradient| {
                let norm = squares(gradient).sqrt();
                if norm > limit {
                    scale(gradient, limit / norm);
                }
            }),
            Clip::GlobalNorm(limit) => {
                let mut sum = 0.0;
                gradients.each(tables, |index, gradient| {
                    sum += if counts(index) { squares(gradient) } else { 0.0 };
                });
                let norm = sum.sqrt();
                if norm > limit {
                    gradients.each(tables, |_, gradient| scale(gradient, limit / norm));
                }
            }
        }
    }
}

fn squares<E: Element>(gradient: &[E]) -> f64 {
    gradient.iter().map(|g| g.as_f64() * g.as_f64()).sum()
}

fn scale<E: Element>(gradient: &mut [E], by: f64) {
    gradient.iter_mut().for_each(|g| *g = E::of(g.as_f64() * by));
}
