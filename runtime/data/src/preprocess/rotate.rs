//! `rotate`: turned pictures, in training.

use super::{
    image::{moved, Affinity},
    stage::{RandomStep, Refusal, RowRng},
};
use crate::{schema::Step, Values};

/// Pictures are turned in training about their middle, by an angle drawn evenly from -`factor` to
/// `factor` of a full turn (counter-clockwise where it is positive); between pixels the four around
/// are weighed, and beyond the border the picture is mirrored.
/// `keras.layers.RandomRotation(factor)`.
#[derive(Clone, Copy, Debug)]
pub struct Rotate;

impl RandomStep for Rotate {
    fn apply(step: &Step, values: Values, rng: Option<&RowRng>) -> Result<Values, Refusal> {
        let Some(rng) = rng else { return Ok(values) };
        let factor = step.argument("factor").number_or(0.0);
        Ok(moved(step, &values, |row| turn(factor * (2.0 * rng.share(row, 0) - 1.0))))
    }
}

/// A turn by a share of a full one, counter-clockwise: a new pixel lies where the old ones are
/// turned back.
pub(super) fn turn(share: f64) -> Affinity {
    let angle = std::f64::consts::TAU * share;
    Affinity { sine: -angle.sin(), cosine: angle.cos(), scale: 1.0 }
}
