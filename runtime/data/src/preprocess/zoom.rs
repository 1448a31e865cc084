//! `zoom`: nearer or farther, in training.

use super::{
    image::{moved, Affinity},
    stage::{RandomStep, Refusal, RowRng},
};
use crate::{schema::Step, Values};

/// Pictures show in training 1 - `factor` to 1 + `factor` times as much as they are high and wide,
/// drawn evenly; between pixels the four around are weighed, and beyond the border the picture is
/// mirrored. `keras.layers.RandomZoom(factor)`.
#[derive(Clone, Copy, Debug)]
pub struct Zoom;

impl RandomStep for Zoom {
    fn apply(step: &Step, values: Values, rng: Option<&RowRng>) -> Result<Values, Refusal> {
        let Some(rng) = rng else { return Ok(values) };
        let factor = step.argument("factor").number_or(0.0);
        Ok(moved(step, &values, |row| shown(1.0 + factor * (2.0 * rng.share(row, 0) - 1.0))))
    }
}

/// So many times as much of the picture.
pub(super) fn shown(scale: f64) -> Affinity {
    Affinity { sine: 0.0, cosine: 1.0, scale }
}
