//! The hinge loss.

use multi_input_spec::LossForm;

use super::{mean_of, Loss, TargetRow};

/// mean of max(0, 1 - t y) for targets t of -1 and 1; a target of 0 counts as -1. The prediction y
/// is the margin, whose sign is the class. `keras.losses.Hinge`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hinge;

impl Loss for Hinge {
    const FORM: LossForm = LossForm::of("hinge");

    fn target_range(&self) -> Option<(f32, f32)> {
        Some((-1.0, 1.0))
    }

    fn sample(&self, head: &[f64], target: TargetRow<'_>, gradient: &mut [f64]) -> f64 {
        mean_of(head, target, gradient, |y, t| {
            let sign = if t == 0.0 { -1.0 } else { t };
            let shortfall = 1.0 - sign * y;
            // For a NaN the comparison is false, so the loss is NaN and training stops.
            if shortfall <= 0.0 {
                (0.0, 0.0)
            } else {
                (shortfall, -sign)
            }
        })
    }
}
