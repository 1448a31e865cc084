//! What `maximum` and `minimum` have in common.

use super::elementwise::Rule;
use crate::tensor::*;

/// The operand that wins against all before it, where `stays(kept, next)` says whether the one kept
/// so far does. As in TensorFlow, whose gradient asks `x >= y`, the first of equals wins; a NaN
/// wins against numbers.
pub(super) struct Extreme<F>(pub(super) F);

impl<F> Extreme<F> {
    fn winner<E: Element>(&self, operands: &[&[E]], place: usize) -> usize
    where
        F: Fn(E, E) -> bool,
    {
        (1..operands.len()).fold(0, |winner, next| {
            let (kept, other) = (operands[winner][place], operands[next][place]);
            if kept.is_nan() || (self.0)(kept, other) {
                winner
            } else {
                next
            }
        })
    }
}

impl<E: Element, F: Fn(E, E) -> bool + 'static> Rule<E> for Extreme<F> {
    fn forward(&self, operands: &[&[E]], output: &mut [E]) {
        for (place, y) in output.iter_mut().enumerate() {
            *y = operands[self.winner(operands, place)][place];
        }
    }

    fn backward(&self, operands: &[&[E]], position: usize, slope: &[E], gradient: &mut [E]) {
        for (place, (gradient, slope)) in gradient.iter_mut().zip(slope).enumerate() {
            if self.winner(operands, place) == position {
                *gradient += *slope;
            }
        }
    }
}
