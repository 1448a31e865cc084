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
    let masks = layouts.iter().map(|layout| Some(layout.mask.as_ref()?.broadcast(steps)));
    let masks: Vec<Option<Mask>> = masks.collect();
    if masks.iter().flatten().any(|mask| !mask.covers(sizes[0], steps)) {
        return None;
    }
    let step = sizes.iter().skip(2).product::<usize>().max(1);
    Elementwise::plan(Extreme { is_largest, masks, step }, layouts, sizes)
}

impl Extreme {
    fn counts(&self, operand: usize, index: usize) -> bool {
        self.masks[operand].as_ref().is_none_or(|mask| mask.counts()[index / self.step])
    }

    fn selected_operand<E: Element>(&self, operands: &[&[E]], index: usize) -> usize {
        (1..operands.len()).fold(0, |selected_operand, next| {
            if !self.counts(next, index) {
                return selected_operand;
            }
            if !self.counts(selected_operand, index) {
                return next;
            }
            let (selected, other) = (operands[selected_operand][index], operands[next][index]);
            let is_selected = if self.is_largest { selected >= other } else { selected <= other };
            if selected.is_nan() || is_selected {
                selected_operand
            } else {
                next
            }
        })
    }
}

impl Rule for Extreme {
    fn forward<E: Element>(&self, operands: &[&[E]], output: &mut [E]) {
        for (index, y) in output.iter_mut().enumerate() {
            *y = operands[self.selected_operand(operands, index)][index];
        }
    }

    fn backward<E: Element>(
        &self,
        operands: &[&[E]],
        position: usize,
        grad: &[E],
        gradient: &mut [E],
    ) {
        for (index, (gradient, grad)) in gradient.iter_mut().zip(grad).enumerate() {
            if self.selected_operand(operands, index) == position {
                *gradient += *grad;
            }
        }
    }
}
