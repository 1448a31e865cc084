//! `rotate`: random rotation in training.

use super::{
    image::{moved, Affinity},
    stage::{RandomStep, Refusal, RowRng},
};
use crate::{schema::Step, Values};

/// In training, rotates an image about its centre by a uniform random angle from -`factor` to
/// `factor` of a full turn, counter-clockwise where positive. Interpolation is bilinear; the image
/// is reflected at its borders. `keras.layers.RandomRotation(factor)`.
#[derive(Clone, Copy, Debug)]
pub struct Rotate;

impl RandomStep for Rotate {
    fn apply(step: &Step, values: Values, rng: Option<&RowRng>) -> Result<Values, Refusal> {
        let Some(rng) = rng else { return Ok(values) };
        let factor = step.argument("factor").number_or(0.0);
        Ok(moved(step, &values, |row| rotation(factor * (2.0 * rng.uniform(row, 0) - 1.0))))
    }
}

/// The counter-clockwise rotation by a fraction of a full turn, as the inverse mapping from output
/// to input pixels.
pub(super) fn rotation(fraction: f64) -> Affinity {
    let angle = std::f64::consts::TAU * fraction;
    Affinity { sine: -angle.sin(), cosine: angle.cos(), scale: 1.0 }
}
