//! `clip`: clipping to bounds.

#[cfg(feature = "onnx")]
use multi_input_onnx as onnx;

use super::stage::{FixedStep, Refusal};
use crate::{schema::Step, Values};

/// min(max(x, low), high) of every number. NumPy: `clip`.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "clip")]
#[doc(alias = "clamp")]
#[doc(alias = "clip_by_value")]
pub struct Clip;

impl FixedStep for Clip {
    fn apply(&self, step: &Step, mut values: Values) -> Result<Values, Refusal> {
        let low = step.argument("low").number_or(f64::NEG_INFINITY);
        let high = step.argument("high").number_or(f64::INFINITY);
        match &mut values {
            Values::Numbers(numbers) => clip(numbers, low as f32, high as f32),
            Values::Doubles(numbers) => clip(numbers, low, high),
            _ => {}
        }
        Ok(values)
    }

    #[cfg(feature = "onnx")]
    fn to_onnx(
        &self,
        step: &Step,
        graph: &mut onnx::Graph,
        flow: onnx::Flow,
    ) -> Result<onnx::Flow, onnx::Refusal> {
        // Comparisons keep NaN.
        let mut value = flow.value.clone();
        let [low, high] = ["low", "high"].map(|name| step.argument(name));
        if !low.is_absent() {
            let low = graph.number(value.dtype, low.number_or(0.0));
            let is_below = graph.less(&value, &low);
            value = graph.choose(&is_below, &low, &value);
        }
        if !high.is_absent() {
            let high = graph.number(value.dtype, high.number_or(0.0));
            let is_above = graph.greater(&value, &high);
            value = graph.choose(&is_above, &high, &value);
        }
        Ok(flow.with(value))
    }
}

fn clip<T: PartialOrd + Copy>(numbers: &mut [T], low: T, high: T) {
    // Comparisons preserve NaN, which `max` would replace.
    for number in numbers {
        if *number < low {
            *number = low;
        } else if *number > high {
            *number = high;
        }
    }
}
