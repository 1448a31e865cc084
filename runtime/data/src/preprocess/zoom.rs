//! `zoom`: random zoom in training.

use multi_input_spec::step::Nature;

use super::{
    image::{moved, Affinity},
    stage::{FixedStep, Refusal, RowRng},
};
use crate::{schema::Step, Values};

/// In training, scales an image about its centre by a uniform random factor: the output shows 1 -
/// `factor` to 1 + `factor` times the input's height and width. Interpolation is bilinear; the
/// image is reflected at its borders. `keras.layers.RandomZoom(factor)`.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "RandomZoom")]
#[doc(alias = "zoom_range")]
pub struct Zoom;

impl FixedStep for Zoom {
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
        Ok(moved(step, &values, |row| scaling(1.0 + factor * (2.0 * rng.uniform(row, 0) - 1.0))))
    }
}

/// The transformation that shows `scale` times the height and width.
pub(super) fn scaling(scale: f64) -> Affinity {
    Affinity { sine: 0.0, cosine: 1.0, scale }
}
