//! `center_crop`: the centre of an image.

#[cfg(feature = "onnx")]
use multi_input_onnx as onnx;

use super::{
    image::{crop, sources},
    stage::{FixedStep, Refusal},
};
use crate::{schema::Step, Picture, Values};

/// Crops the central `height` rows of `width` pixels of an image, which must be at least as large;
/// an odd margin is larger at the bottom and right. The output has shape (channels, height, width),
/// with values from 0 to 255.
///
/// `keras.layers.CenterCrop(height, width)`, which resizes an image that is too small;
/// `torchvision.transforms.CenterCrop`.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "crop")]
pub struct CenterCrop;

impl FixedStep for CenterCrop {
    fn apply(&self, step: &Step, values: Values) -> Result<Values, Refusal> {
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

    fn shrink(&self, step: &Step, picture: &Picture) -> Option<Picture> {
        let (image, crop_size) = ([picture.height(), picture.width()], size(step));
        let smaller = crop_size[0] <= image[0] && crop_size[1] <= image[1] && crop_size != image;
        // An image that is too small is refused in `apply`, where its row is known.
        smaller.then(|| picture.cropped(corner(image, crop_size), crop_size)).flatten()
    }

    #[cfg(feature = "onnx")]
    fn to_onnx(
        &self,
        step: &Step,
        graph: &mut onnx::Graph,
        flow: onnx::Flow,
    ) -> Result<onnx::Flow, onnx::Refusal> {
        Ok(center_to_onnx(step, graph, flow))
    }
}

/// The centre of pictures, in a graph.
#[cfg(feature = "onnx")]
pub(super) fn center_to_onnx(step: &Step, graph: &mut onnx::Graph, flow: onnx::Flow) -> onnx::Flow {
    let value = graph.cast(&flow.value, onnx::DataType::Float);
    let [height, width] = size(step);
    let crop = graph.ints(&[height as i64, width as i64]);
    let sizes = graph.shape_of(&value);
    let image = graph.slice(&sizes, 0, 2, 4);
    let margin = graph.sub(&image, &crop);
    let two = graph.int(2);
    let corner = graph.div(&margin, &two);
    let end = graph.add(&corner, &crop);
    let axes = graph.ints(&[2, 3]);
    let sizes = [height, width].map(onnx::Dim::Known);
    let shape = [&value.shape[..2], &sizes].concat();
    let operator = graph.operator("Slice", &[&value, &corner, &end, &axes]);
    let cropped = operator.gives(value.dtype, &shape);
    flow.with(cropped)
}

/// Height and width of the crop.
fn size(step: &Step) -> [usize; 2] {
    [1, 2].map(|axis| step.output.dim(axis).get())
}

/// The top left corner of the crop.
fn corner(image: [usize; 2], crop_size: [usize; 2]) -> [usize; 2] {
    [0, 1].map(|axis| (image[axis] - crop_size[axis]) / 2)
}
