//! `flip`: random mirroring in training.

use multi_input_spec::step::Nature;

use super::{
    image::{shape, sources},
    stage::{FixedStep, Refusal, RowRng},
};
use crate::{schema::Step, Values};

/// In training, mirrors an image with probability 1/2: left and right with `horizontal`, top and
/// bottom with `vertical`, each independently with `both`. `keras.layers.RandomFlip(mode)`.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "RandomFlip")]
#[doc(alias = "RandomHorizontalFlip")]
#[doc(alias = "horizontal_flip")]
#[doc(alias = "hflip")]
pub struct Flip;

impl FixedStep for Flip {
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
        let direction = step.argument("direction").word_or("horizontal");
        let (sideways, upside_down) = (direction != "vertical", direction != "horizontal");
        Ok(mirrored(step, &values.in_single_precision(), |row| Mirror {
            left_right: sideways && rng.uniform(row, 0) < 0.5,
            up_down: upside_down && rng.uniform(row, 1) < 0.5,
        }))
    }
}

/// The axes along which an image is mirrored.
pub(super) struct Mirror {
    pub(super) left_right: bool,
    pub(super) up_down: bool,
}

/// Mirrors each image by the result of `mirror` for its row.
pub(super) fn mirrored(step: &Step, values: &Values, mirror: impl Fn(usize) -> Mirror) -> Values {
    let [channels, height, width] = shape(step);
    let mut mirrored = Vec::with_capacity(values.len());
    for (row, source) in sources(step, values).iter().enumerate() {
        let Mirror { left_right, up_down } = mirror(row);
        for channel in 0..channels {
            for y in 0..height {
                let y = if up_down { height - 1 - y } else { y };
                let columns = (0..width).map(|x| if left_right { width - 1 - x } else { x });
                mirrored.extend(columns.map(|x| source.at(channel, y, x)));
            }
        }
    }
    Values::Numbers(mirrored)
}
