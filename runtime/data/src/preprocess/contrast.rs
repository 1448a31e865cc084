//! `contrast`: random contrast in training.

use multi_input_spec::step::Nature;

use super::{
    image::shape,
    stage::{FixedStep, Refusal, RowRng},
};
use crate::{schema::Step, Values};

/// (x - mean) * f + mean in training, with the mean of each channel of the image and f uniform in
/// [1 - `factor`, 1 + `factor`]. Values may leave the range of pixels; a `clip` step limits them.
/// `keras.layers.RandomContrast(factor)`, which clips to `value_range`.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "RandomContrast")]
pub struct Contrast;

impl FixedStep for Contrast {
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
        let mut values = values.in_single_precision();
        let Values::Numbers(numbers) = &mut values else { return Ok(values) };
        let factor = step.argument("factor").number_or(0.0);
        adjust(step, numbers, |row| 1.0 + factor * (2.0 * rng.uniform(row, 0) - 1.0));
        Ok(values)
    }
}

/// Multiplies the contrast of each image by the result of `by` for its row.
pub(super) fn adjust(step: &Step, numbers: &mut [f32], by: impl Fn(usize) -> f64) {
    let [channels, height, width] = shape(step);
    let pixels = (height * width).max(1);
    for (index, channel) in numbers.chunks_exact_mut(pixels).enumerate() {
        let factor = by(index / channels) as f32;
        let sum: f64 = channel.iter().map(|value| f64::from(*value)).sum();
        let mean = (sum / pixels as f64) as f32;
        channel.iter_mut().for_each(|value| *value = (*value - mean) * factor + mean);
    }
}
