//! `contrast`: more or less contrast, in training.

use super::{
    image::shape,
    stage::{RandomStep, Refusal, RowRng},
};
use crate::{schema::Step, Values};

/// (x - mean) * f + mean in training, with the mean of each channel of the picture and f drawn
/// evenly from 1 - `factor` to 1 + `factor`; values may leave the range of pixels, which a `clip`
/// after it mends. `keras.layers.RandomContrast(factor)`, which clips by itself, to `value_range`.
#[derive(Clone, Copy, Debug)]
pub struct Contrast;

impl RandomStep for Contrast {
    fn apply(step: &Step, mut values: Values, rng: Option<&RowRng>) -> Result<Values, Refusal> {
        let (Some(rng), Values::Numbers(numbers)) = (rng, &mut values) else { return Ok(values) };
        let factor = step.argument("factor").number_or(0.0);
        adjust(step, numbers, |row| 1.0 + factor * (2.0 * rng.share(row, 0) - 1.0));
        Ok(values)
    }
}

/// Multiplies the contrast of each picture by what `by` says of its row.
pub(super) fn adjust(step: &Step, numbers: &mut [f32], by: impl Fn(usize) -> f64) {
    let [channels, height, width] = shape(step);
    let pixels = (height * width).max(1);
    for (place, channel) in numbers.chunks_exact_mut(pixels).enumerate() {
        let by = by(place / channels) as f32;
        let sum: f64 = channel.iter().map(|value| f64::from(*value)).sum();
        let mean = (sum / pixels as f64) as f32;
        channel.iter_mut().for_each(|value| *value = (*value - mean) * by + mean);
    }
}
