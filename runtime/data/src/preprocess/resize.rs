//! `resize`: resizes images.

#[cfg(feature = "onnx")]
use multi_input_onnx as onnx;

use super::{
    image::{sources, Source},
    stage::{FixedStep, Refusal},
};
use crate::{schema::Step, Picture, Values};

/// Resizes images of any size to `[channels, height, width]`, with values from 0 to 255. The aspect
/// ratio is not kept.
///
/// `bilinear` interpolates between the four nearest pixels, `nearest` takes the nearest one.
/// Neither applies antialiasing, so fine patterns may flicker when an image is much reduced.
///
/// `keras.layers.Resizing(height, width, interpolation)`;
/// `torch.nn.functional.interpolate(mode="bilinear", align_corners=False)`.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "Resizing")]
pub struct Resize;

impl FixedStep for Resize {
    fn apply(&self, step: &Step, values: Values) -> Result<Values, Refusal> {
        let values = values.in_single_precision();
        let mut resized = Vec::with_capacity(values.len() * step.output.elements().get());
        sources(step, &values).iter().for_each(|source| resize_into(step, source, &mut resized));
        Ok(Values::Numbers(resized))
    }

    fn shrink(&self, step: &Step, picture: &Picture) -> Option<Picture> {
        let elements = step.output.elements().get();
        if elements * size_of::<f32>() >= picture.pixels().bytes() {
            return None;
        }
        let mut resized = Vec::with_capacity(elements);
        resize_into(step, &Source::of(picture), &mut resized);
        picture.resized(size(step), resized)
    }

    #[cfg(feature = "onnx")]
    fn to_onnx(
        &self,
        step: &Step,
        graph: &mut onnx::Graph,
        flow: onnx::Flow,
    ) -> Result<onnx::Flow, onnx::Refusal> {
        let bilinear = step.argument("interpolation").word_or("bilinear") == "bilinear";
        let value = graph.cast(&flow.value, onnx::DataType::Float);
        let [height, width] = size(step);
        let narrow = interpolated(graph, &value, 3, width, bilinear);
        let resized = interpolated(graph, &narrow, 2, height, bilinear);
        Ok(flow.with(resized))
    }
}

/// Height and width of the output.
fn size(step: &Step) -> [usize; 2] {
    [1, 2].map(|axis| step.output.dim(axis).get())
}

/// A source position between two rows or columns; `weight` is that of `to`.
struct Interpolation {
    from: usize,
    to: usize,
    weight: f32,
}

/// The source positions of `new` output rows or columns among `old` ones.
fn interpolations(old: usize, new: usize, bilinear: bool) -> Vec<Interpolation> {
    let scale = old as f32 / new as f32;
    let last = old.saturating_sub(1);
    let at = |index: usize| {
        if !bilinear {
            let nearest = ((index as f32 + 0.5) * scale).floor() as usize;
            return Interpolation { from: nearest.min(last), to: nearest.min(last), weight: 0.0 };
        }
        let centre = (index as f32 + 0.5) * scale - 0.5;
        let before = centre.floor();
        Interpolation {
            from: (before.max(0.0) as usize).min(last),
            to: (centre.ceil().max(0.0) as usize).min(last),
            weight: centre - before,
        }
    };
    (0..new).map(at).collect()
}

/// Pictures of which axis `axis` is resized, with the arithmetic of [`interpolations`]; the operator
/// `Resize` rounds otherwise.
#[cfg(feature = "onnx")]
fn interpolated(
    graph: &mut onnx::Graph,
    value: &onnx::Value,
    axis: usize,
    new: usize,
    bilinear: bool,
) -> onnx::Value {
    use onnx::DataType::{Float, Int64};

    let centres = (0..new).map(|index| index as f32 + 0.5);
    let centres = graph.constant(onnx::Tensor::floats(&[new], centres));
    let (one, half, zero) = (graph.int(1), graph.float(0.5), graph.int(0));
    let sizes = graph.shape_of(value);
    let old = graph.slice(&sizes, 0, axis, axis + 1);
    let last = graph.sub(&old, &one);
    let (old, new) = (graph.cast(&old, Float), graph.float(new as f32));
    let scale = graph.div(&old, &new);
    let position = graph.mul(&centres, &scale);
    if !bilinear {
        let nearest = graph.unary("Floor", &position);
        let nearest = graph.cast(&nearest, Int64);
        let nearest = graph.min(&nearest, &last);
        return graph.gather(value, &nearest, axis);
    }
    let centre = graph.sub(&position, &half);
    let before = graph.unary("Floor", &centre);
    let weight = graph.sub(&centre, &before);
    let after = graph.unary("Ceil", &centre);
    let [from, to] = [before, after].map(|position| {
        let index = graph.cast(&position, Int64);
        let index = graph.max(&index, &zero);
        let index = graph.min(&index, &last);
        graph.gather(value, &index, axis)
    });
    let weight = if axis == 2 { graph.unsqueeze(&weight, 1) } else { weight };
    let difference = graph.sub(&to, &from);
    let part = graph.mul(&difference, &weight);
    graph.add(&from, &part)
}

/// Appends the resized image, channels first.
fn resize_into(step: &Step, source: &Source<'_>, output: &mut Vec<f32>) {
    let [height, width] = size(step);
    let bilinear = step.argument("interpolation").word_or("bilinear") == "bilinear";
    let rows = interpolations(source.height, height, bilinear);
    let columns = interpolations(source.width, width, bilinear);
    for channel in 0..source.channels {
        for row in &rows {
            for column in &columns {
                let interpolate_row = |row: usize| {
                    let left = source.at(channel, row, column.from);
                    left + (source.at(channel, row, column.to) - left) * column.weight
                };
                let (above, below) = (interpolate_row(row.from), interpolate_row(row.to));
                output.push(above + (below - above) * row.weight);
            }
        }
    }
}
