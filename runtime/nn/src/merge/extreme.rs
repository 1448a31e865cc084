//! The common parts of `maximum` and `minimum`.

use super::{
    elementwise::{Elementwise, Rule},
    Layout, Planned,
};
use crate::{mask::Mask, operation::*, tensor::Element};

/// The elementwise maximum or minimum. As in TensorFlow, whose gradient tests `x >= y`, the first
/// of equal operands is selected. A NaN is selected before numbers. Masked steps of an operand are
/// not selected, unless the step is masked in all operands: then the first operand is, as in Keras.
#[derive(Clone)]
pub(super) struct Extreme {
    is_largest: bool,
    /// The mask of each operand.
    masks: Vec<Option<Mask>>,
    /// The number of output elements of one step.
    step: usize,
}

compiled!(Elementwise<Extreme>);

/// The operation of `maximum` where `is_largest`, and of `minimum` otherwise.
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
