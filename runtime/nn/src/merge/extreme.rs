//! What `maximum` and `minimum` have in common.

use super::{
    elementwise::{Elementwise, Rule},
    Layout, Planned,
};
use crate::{mask::Mask, operation::*, tensor::Element};

/// Of the operands the one that wins against all before it: the largest or the smallest. As in
/// TensorFlow, whose gradient asks `x >= y`, the first of equals wins; a NaN wins against numbers.
/// Of the masked steps of an operand none wins, unless all are masked: then the first operand does,
/// as in Keras.
#[derive(Clone)]
pub(super) struct Extreme {
    is_largest: bool,
    /// One for each operand.
    masks: Vec<Option<Mask>>,
    /// How many numbers of the output belong to one step.
    step: usize,
}

compiled!(Elementwise<Extreme>);

/// The merge that keeps the largest, or else the smallest.
pub(super) fn plan(is_largest: bool, layouts: &[&Layout], sizes: &[usize]) -> Planned {
    let steps = sizes.get(1).copied().unwrap_or(1);
    let masks = layouts.iter().map(|layout| Some(layout.mask.as_ref()?.stretched(steps)));
    let masks: Vec<Option<Mask>> = masks.collect();
    if masks.iter().flatten().any(|mask| !mask.covers(sizes[0], steps)) {
        return None;
    }
    let step = sizes.iter().skip(2).product::<usize>().max(1);
    Elementwise::plan(Extreme { is_largest, masks, step }, layouts, sizes)
}

impl Extreme {
    fn counts(&self, operand: usize, place: usize) -> bool {
        self.masks[operand].as_ref().is_none_or(|mask| mask.counts()[place / self.step])
    }

    fn winner<E: Element>(&self, operands: &[&[E]], place: usize) -> usize {
        (1..operands.len()).fold(0, |winner, next| {
            if !self.counts(next, place) {
                return winner;
            }
            if !self.counts(winner, place) {
                return next;
            }
            let (kept, other) = (operands[winner][place], operands[next][place]);
            let stays = if self.is_largest { kept >= other } else { kept <= other };
            if kept.is_nan() || stays {
                winner
            } else {
                next
            }
        })
    }
}

impl Rule for Extreme {
    fn forward<E: Element>(&self, operands: &[&[E]], output: &mut [E]) {
        for (place, y) in output.iter_mut().enumerate() {
            *y = operands[self.winner(operands, place)][place];
        }
    }

    fn backward<E: Element>(
        &self,
        operands: &[&[E]],
        position: usize,
        grad: &[E],
        gradient: &mut [E],
    ) {
        for (place, (gradient, grad)) in gradient.iter_mut().zip(grad).enumerate() {
            if self.winner(operands, place) == position {
                *gradient += *grad;
            }
        }
    }
}
