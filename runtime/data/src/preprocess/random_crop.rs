//! `random_crop`: random crops in training.

#[cfg(feature = "onnx")]
use multi_input_onnx as onnx;
use multi_input_spec::step::Nature;

#[cfg(feature = "onnx")]
use super::center_crop::center_to_onnx;
use super::{
    image::{crop, shape, sources},
    stage::{FixedStep, Refusal, RowRng},
};
use crate::{schema::Step, Values};

/// Crops `height` rows of `width` pixels: at a uniform random position in training, from the centre
/// otherwise. `keras.layers.RandomCrop(height, width)`, which outside training resizes the largest
/// crop of that aspect ratio instead.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "RandomCropping")]
pub struct RandomCrop;

impl FixedStep for RandomCrop {
    const NATURE: Nature = Nature::Random;

    fn apply(&self, step: &Step, values: Values) -> Result<Values, Refusal> {
        Ok(cropped(step, values, |_, margin, _| margin / 2))
    }

    fn apply_in_training(
        &self,
        step: &Step,
        values: Values,
        rng: &RowRng,
    ) -> Result<Values, Refusal> {
        Ok(cropped(step, values, |row, margin, axis| {
            (rng.uniform(row, axis) * (margin + 1) as f64) as usize
        }))
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

/// Crops each image at the corner that `from` returns for its row, the number of pixels to leave out
/// and the axis.
fn cropped(step: &Step, values: Values, from: impl Fn(usize, usize, u64) -> usize) -> Values {
    let (height, width) = (step.output.dim(1).get(), step.output.dim(2).get());
    let ([_, rows, columns], values) = (shape(step), values.in_single_precision());
    let mut cropped = Vec::with_capacity(values.len());
    for (row, source) in sources(step, &values).iter().enumerate() {
        let corner = [from(row, rows - height, 0), from(row, columns - width, 1)];
        crop(source, corner, [height, width], &mut cropped);
    }
    Values::Numbers(cropped)
}
