//! The hinge loss: how far a margin falls short of 1.

use super::{mean_of, Loss, TargetRow};

/// mean of max(0, 1 - t y) for targets of -1 and 1; 0 counts as -1. The prediction is the margin,
/// whose sign is the side. `keras.losses.Hinge`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hinge;

impl Loss for Hinge {
    fn name(&self) -> &'static str {
        "hinge"
    }

    fn target_range(&self) -> Option<(f32, f32)> {
        Some((-1.0, 1.0))
    }

    fn sample(&self, head: &[f64], target: TargetRow<'_>, gradient: &mut [f64]) -> f64 {
        mean_of(head, target, gradient, |y, t| {
            let side = if t == 0.0 { -1.0 } else { t };
            let short = 1.0 - side * y;
            // A NaN falls short of everything, so that training stops at it.
            if short <= 0.0 {
                (0.0, 0.0)
            } else {
                (short, -side)
            }
        })
    }
}
