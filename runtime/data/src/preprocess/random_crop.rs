//! `random_crop`: some part of every picture, in training.

use super::{
    image::{crop, shape, sources},
    stage::{RandomStep, Refusal, RowRng},
};
use crate::{schema::Step, Values};

/// `height` rows of `width` pixels, from anywhere in the picture in training, and from its middle
/// otherwise. `keras.layers.RandomCrop(height, width)`, which otherwise brings the largest part of
/// that shape to the size instead.
#[derive(Clone, Copy, Debug)]
pub struct RandomCrop;

impl RandomStep for RandomCrop {
    fn apply(step: &Step, values: Values, rng: Option<&RowRng>) -> Result<Values, Refusal> {
        let (height, width) = (step.output.dim(1).get(), step.output.dim(2).get());
        let [_, rows, columns] = shape(step);
        let mut cropped = Vec::with_capacity(values.len());
        for (row, source) in sources(step, &values).iter().enumerate() {
            let from = |spare: usize, which: u64| match rng {
                Some(rng) => (rng.share(row, which) * (spare + 1) as f64) as usize,
                None => spare / 2,
            };
            let corner = [from(rows - height, 0), from(columns - width, 1)];
            crop(source, corner, [height, width], &mut cropped);
        }
        Ok(Values::Numbers(cropped))
    }
}
