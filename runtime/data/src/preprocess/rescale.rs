//! `rescale`: a given scale and offset.

#[cfg(feature = "onnx")]
use multi_input_onnx as onnx;

use super::stage::{FixedStep, Refusal};
use crate::{schema::Step, Values};

/// x * scale + offset. `keras.layers.Rescaling(scale, offset)`.
///
/// `rescale(1.0 / 255.0)` scales pixels to [0, 1], `rescale(1.0 / 127.5, -1.0)` to [-1, 1].
#[derive(Clone, Copy, Debug)]
#[doc(alias = "Rescaling")]
pub struct Rescale;

impl FixedStep for Rescale {
    fn apply(&self, step: &Step, mut values: Values) -> Result<Values, Refusal> {
        let (scale, offset) = arguments(step);
        match &mut values {
            Values::Numbers(numbers) => {
                let (scale, offset) = (scale as f32, offset as f32);
                numbers.iter_mut().for_each(|number| *number = *number * scale + offset);
            }
            Values::Doubles(numbers) => {
                numbers.iter_mut().for_each(|number| *number = *number * scale + offset);
            }
            _ => {}
        }
        Ok(values)
    }

    fn invert(&self, step: &Step, numbers: &mut [f64]) {
        let (scale, offset) = arguments(step);
        numbers.iter_mut().for_each(|number| *number = (*number - offset) / scale);
    }

    #[cfg(feature = "onnx")]
    fn to_onnx(
        &self,
        step: &Step,
        graph: &mut onnx::Graph,
        flow: onnx::Flow,
    ) -> Result<onnx::Flow, onnx::Refusal> {
        let [scale, offset] = constants(step, graph, flow.value.dtype);
        let scaled = graph.mul(&flow.value, &scale);
        let value = graph.add(&scaled, &offset);
        Ok(flow.with(value))
    }

    #[cfg(feature = "onnx")]
    fn inverse_to_onnx(
        &self,
        step: &Step,
        graph: &mut onnx::Graph,
        value: onnx::Value,
    ) -> Result<onnx::Value, onnx::Refusal> {
        let [scale, offset] = constants(step, graph, value.dtype);
        let shifted = graph.sub(&value, &offset);
        Ok(graph.div(&shifted, &scale))
    }
}

/// The scale and the offset in the precision of the values.
#[cfg(feature = "onnx")]
fn constants(step: &Step, graph: &mut onnx::Graph, dtype: onnx::DataType) -> [onnx::Value; 2] {
    let (scale, offset) = arguments(step);
    [scale, offset].map(|number| graph.number(dtype, number))
}

fn arguments(step: &Step) -> (f64, f64) {
    (step.argument("scale").number_or(1.0), step.argument("offset").number_or(0.0))
}
