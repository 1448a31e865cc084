//! `center_crop`: the middle of every picture.

use super::{
    image::{crop, sources},
    stage::{FixedStep, Refusal},
};
use crate::{data::Values, definition::Step};

/// The `height` rows of `width` pixels in the middle of a picture, which must be at least as large;
/// an odd row or pixel more is left at the end. Channels come first, with values from 0 to 255.
///
/// `keras.layers.CenterCrop(height, width)` (which resizes a picture that is too small);
/// `torchvision.transforms.CenterCrop`.
#[derive(Clone, Copy, Debug)]
pub struct CenterCrop;

impl FixedStep for CenterCrop {
    fn apply(step: &Step, values: Values) -> Result<Values, Refusal> {
        let values = values.in_single_precision();
        let (height, width) = (step.output.dim(1).get(), step.output.dim(2).get());
        let mut cropped = Vec::with_capacity(values.len() * step.output.elements().get());
        for (row, source) in sources(step, &values).iter().enumerate() {
            if source.height < height || source.width < width {
                return Err(Refusal {
                    row,
                    expected: format!("a picture of at least {height} x {width} pixels"),
                    found: format!("one of {} x {}", source.height, source.width),
                });
            }
            let (above, left) = ((source.height - height) / 2, (source.width - width) / 2);
            crop(source, [above, left], [height, width], &mut cropped);
        }
        Ok(Values::Numbers(cropped))
    }
}
