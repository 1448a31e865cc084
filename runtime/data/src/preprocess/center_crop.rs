//! `center_crop`: the middle of every picture.

use super::{
    image::{crop, sources},
    stage::{FixedStep, Refusal},
};
use crate::{schema::Step, Picture, Values};

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
        let [height, width] = size(step);
        let mut cropped = Vec::with_capacity(values.len() * step.output.elements().get());
        for (row, source) in sources(step, &values).iter().enumerate() {
            if source.height < height || source.width < width {
                return Err(Refusal {
                    row,
                    expected: format!("a picture of at least {height} x {width} pixels"),
                    found: format!("one of {} x {}", source.height, source.width),
                });
            }
            let corner = corner([source.height, source.width], [height, width]);
            crop(source, corner, [height, width], &mut cropped);
        }
        Ok(Values::Numbers(cropped))
    }

    fn shrink(step: &Step, picture: &Picture) -> Option<Picture> {
        let (whole, part) = ([picture.height(), picture.width()], size(step));
        let smaller = part[0] <= whole[0] && part[1] <= whole[1] && part != whole;
        // One that is too small is refused where its row is known.
        smaller.then(|| picture.cropped(corner(whole, part), part)).flatten()
    }
}

/// Height and width of what is left.
fn size(step: &Step) -> [usize; 2] {
    [1, 2].map(|axis| step.output.dim(axis).get())
}

/// Where the middle of a picture begins.
fn corner(whole: [usize; 2], part: [usize; 2]) -> [usize; 2] {
    [0, 1].map(|axis| (whole[axis] - part[axis]) / 2)
}
