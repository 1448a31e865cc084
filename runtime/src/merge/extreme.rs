//! What `maximum` and `minimum` have in common.

use super::{
    elementwise::{self, Rule},
    Part,
};
use crate::{layer::Mask, tensor::*};

/// The operand that wins against all before it, where `stays(kept, next)` says whether the one kept
/// so far does. As in TensorFlow, whose gradient asks `x >= y`, the first of equals wins; a NaN
/// wins against numbers. Of the masked steps of an operand none wins, unless all are masked: then
/// the first operand does, as in Keras.
pub(super) fn merge<S: Shape, E: Element, D: Backend<E>, T: Tape<E, D>>(
    stays: impl Fn(E, E) -> bool + 'static,
    parts: Vec<Part<E, D>>,
    shape: S,
    tape: T,
) -> Result<Tensor<S, E, D, T>, D::Err> {
    let sizes: Vec<usize> = shape.concrete().into();
    let steps = sizes.get(1).copied().unwrap_or(1);
    let masks = parts.iter().map(|part| part.mask().map(|mask| mask.stretched(steps)));
    let masks: Vec<Option<Mask>> = masks.collect();
    let step = sizes.iter().skip(2).product::<usize>().max(1);
    if masks.iter().flatten().any(|mask| !mask.covers(sizes[0], steps)) {
        return Err(D::size_error());
    }
    elementwise::merge(Extreme { stays, masks, step }, parts, shape, tape)
}

struct Extreme<F> {
    stays: F,
    /// One for each operand.
    masks: Vec<Option<Mask>>,
    /// How many numbers of the output belong to one step.
    step: usize,
}

impl<F> Extreme<F> {
    fn counts(&self, operand: usize, place: usize) -> bool {
        self.masks[operand].as_ref().is_none_or(|mask| mask.counts()[place / self.step])
    }

    fn winner<E: Element>(&self, operands: &[&[E]], place: usize) -> usize
    where
        F: Fn(E, E) -> bool,
    {
        (1..operands.len()).fold(0, |winner, next| {
            if !self.counts(next, place) {
                return winner;
            }
            if !self.counts(winner, place) {
                return next;
            }
            let (kept, other) = (operands[winner][place], operands[next][place]);
            if kept.is_nan() || (self.stays)(kept, other) {
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
