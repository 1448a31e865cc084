//! Gradient clipping.

use multi_input_kernel::Element;
use multi_input_nn::sparse::Tables;

use super::gradients::StepGradients;
use crate::exact_sum::ExactSum;

/// How gradients are clipped before a step. Keras has three arguments, of which one takes effect;
/// here they are one enum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Clip {
    /// Scales each tensor's gradient to at most this L2 norm: g * limit / max(|g|, limit).
    /// `clipnorm` of Keras's optimizers.
    Norm(f64),
    /// Scales all gradients by one factor so that their global L2 norm is at most this.
    /// `global_clipnorm` of Keras's optimizers; `torch.nn.utils.clip_grad_norm_`.
    GlobalNorm(f64),
    /// Clamps every element to [-limit, limit]. `clipvalue` of Keras's optimizers;
    /// `torch.nn.utils.clip_grad_value_`.
    Value(f64),
}

impl Clip {
    pub(super) fn mistake(&self) -> Option<String> {
        let (Clip::Norm(limit) | Clip::GlobalNorm(limit) | Clip::Value(limit)) = *self;
        let sound = limit > 0.0 && limit.is_finite();
        (!sound).then(|| format!("the limit of `clip` must be a number above 0, but is {limit}"))
    }

    /// Whether norms decide.
    pub(super) fn is_by_norm(self) -> bool {
        matches!(self, Clip::Norm(_) | Clip::GlobalNorm(_))
    }

    /// Clips all gradients. Only tensors for which `counts` is true contribute to the global norm. Of a
    /// sharded table `of_sharded` has the sum of squares, because a rank may hold a part of its gradient.
    pub(super) fn apply<E: Element>(
        self,
        gradients: &mut StepGradients<E>,
        tables: &mut Tables<E>,
        of_sharded: &[Option<f64>],
        counts: impl Fn(usize) -> bool,
    ) {
        let squares = |tensor: usize, gradient: &[E]| {
            of_sharded.get(tensor).copied().flatten().unwrap_or_else(|| squares(gradient))
        };
        match self {
            Clip::Value(limit) => {
                let limit = E::of(limit);
                gradients.each(tables, |_, gradient| {
                    gradient.iter_mut().for_each(|g| *g = g.max(-limit).min(limit));
                });
            }
            Clip::Norm(limit) => gradients.each(tables, |tensor, gradient| {
                let norm = squares(tensor, gradient).sqrt();
                if norm > limit {
                    scale(gradient, limit / norm);
                }
            }),
            Clip::GlobalNorm(limit) => {
                let mut sum = 0.0;
                gradients.each(tables, |tensor, gradient| {
                    sum += if counts(tensor) { squares(tensor, gradient) } else { 0.0 };
                });
                let norm = sum.sqrt();
                if norm > limit {
                    gradients.each(tables, |_, gradient| scale(gradient, limit / norm));
                }
            }
        }
    }
}

/// The sum of the squares of the gradients of rows of `width` elements. It does not depend on which rank
/// has which rows.
pub(super) fn squares_of_rows<E: Element>(gradient: &[E], width: usize) -> ExactSum {
    let mut sum = ExactSum::ZERO;
    gradient.chunks_exact(width.max(1)).for_each(|row| sum.add(squares(row)));
    sum
}

fn squares<E: Element>(gradient: &[E]) -> f64 {
    gradient.iter().map(|g| g.as_f64() * g.as_f64()).sum()
}

fn scale<E: Element>(gradient: &mut [E], by: f64) {
    gradient.iter_mut().for_each(|g| *g = E::of(g.as_f64() * by));
}
