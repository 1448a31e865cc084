//! `random_crop`: random crops in training.

use super::{
    image::{crop, shape, sources},
    stage::{RandomStep, Refusal, RowRng},
};
use crate::{schema::Step, Values};

/// Crops `height` rows of `width` pixels: at a uniform random position in training, from the centre
/// otherwise. `keras.layers.RandomCrop(height, width)`, which outside training resizes the largest
/// crop of that aspect ratio instead.
#[derive(Clone, Copy, Debug)]
pub struct RandomCrop;

impl RandomStep for RandomCrop {
    fn apply(step: &Step, values: Values, rng: Option<&RowRng>) -> Result<Values, Refusal> {
        let (height, width) = (step.output.dim(1).get(), step.output.dim(2).get());
        let [_, rows, columns] = shape(step);
        let mut cropped = Vec::with_capacity(values.len());
        for (row, source) in sources(step, &values).iter().enumerate() {
            let from = |margin: usize, which: u64| match rng {
                Some(rng) => (rng.uniform(row, which) * (margin + 1) as f64) as usize,
                None => margin / 2,
            };
            let corner = [from(rows - height, 0), from(columns - width, 1)];
            crop(source, corner, [height, width], &mut cropped);
        }
        Ok(Values::Numbers(cropped))
    }
}
