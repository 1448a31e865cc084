//! `rotate`: random rotation in training.

use multi_input_spec::step::Nature;

use super::{
    image::{moved, Affinity},
    stage::{FixedStep, Refusal, RowRng},
};
use crate::{schema::Step, Values};

/// In training, rotates an image about its centre by a uniform random angle from -`factor` to
/// `factor` of a full turn, counter-clockwise where positive. Interpolation is bilinear; the image
/// is reflected at its borders. `keras.layers.RandomRotation(factor)`.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "RandomRotation")]
#[doc(alias = "rotation_range")]
#[doc(alias = "RandomRotate")]
pub struct Rotate;

impl FixedStep for Rotate {
    const NATURE: Nature = Nature::Random;

    fn apply(&self, _: &Step, values: Values) -> Result<Values, Refusal> {
        Ok(values.in_single_precision())
    }

    fn apply_in_training(
        &self,
        step: &Step,
        values: Values,
        rng: &RowRng,
    ) -> Result<Values, Refusal> {
        let (factor, values) =
            (step.argument("factor").number_or(0.0), values.in_single_precision());
        Ok(moved(step, &values, |row| rotation(factor * (2.0 * rng.uniform(row, 0) - 1.0))))
    }
}

/// The counter-clockwise rotation by a fraction of a full turn, as the inverse mapping from output
/// to input pixels.
pub(super) fn rotation(fraction: f64) -> Affinity {
    let angle = std::f64::consts::TAU * fraction;
    Affinity { sine: -angle.sin(), cosine: angle.cos(), scale: 1.0 }
}
