//! `zoom`: random zoom in training.

use super::{
    image::{moved, Affinity},
    stage::{RandomStep, Refusal, RowRng},
};
use crate::{schema::Step, Values};

/// In training, scales an image about its centre by a uniform random factor: the output shows 1 -
/// `factor` to 1 + `factor` times the input's height and width. Interpolation is bilinear; the
/// image is reflected at its borders. `keras.layers.RandomZoom(factor)`.
#[derive(Clone, Copy, Debug)]
pub struct Zoom;

impl RandomStep for Zoom {
    fn apply(step: &Step, values: Values, rng: Option<&RowRng>) -> Result<Values, Refusal> {
        let Some(rng) = rng else { return Ok(values) };
        let factor = step.argument("factor").number_or(0.0);
        Ok(moved(step, &values, |row| scaling(1.0 + factor * (2.0 * rng.uniform(row, 0) - 1.0))))
    }
}

/// The transformation that shows `scale` times the height and width.
pub(super) fn scaling(scale: f64) -> Affinity {
    Affinity { sine: 0.0, cosine: 1.0, scale }
}
