//! `log1p`: ln(1 + x).

#[cfg(feature = "onnx")]
use multi_input_onnx as onnx;

#[cfg(feature = "onnx")]
use super::onnx::in_double;
use super::stage::{FixedStep, Refusal};
use crate::{schema::Step, Real, Values};

/// ln(1 + x) of every number, which must be greater than -1. For counts and prices that span
/// several orders of magnitude. NumPy: `log1p`.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "log1p")]
#[doc(alias = "LogTransformer")]
#[doc(alias = "log_transform")]
pub struct Log1p;

impl FixedStep for Log1p {
    fn apply(&self, step: &Step, mut values: Values) -> Result<Values, Refusal> {
        match &mut values {
            Values::Numbers(numbers) => take_logarithms(step, numbers)?,
            Values::Doubles(numbers) => take_logarithms(step, numbers)?,
            _ => {}
        }
        Ok(values)
    }

    fn invert(&self, _: &Step, numbers: &mut [f64]) {
        numbers.iter_mut().for_each(|number| *number = number.exp_m1());
    }

    #[cfg(feature = "onnx")]
    fn to_onnx(
        &self,
        _: &Step,
        graph: &mut onnx::Graph,
        flow: onnx::Flow,
    ) -> Result<onnx::Flow, onnx::Refusal> {
        Ok(in_double(graph, flow, |graph, value| graph.log1p(value)))
    }

    #[cfg(feature = "onnx")]
    fn inverse_to_onnx(
        &self,
        _: &Step,
        graph: &mut onnx::Graph,
        value: onnx::Value,
    ) -> Result<onnx::Value, onnx::Refusal> {
        Ok(graph.expm1(&value))
    }
}

fn take_logarithms<T: Real>(step: &Step, numbers: &mut [T]) -> Result<(), Refusal> {
    if let Some(index) = numbers.iter().position(|number| *number <= -T::one()) {
        let expected = "a number above -1, for its logarithm";
        return Err(Refusal::of_element(step, index, expected, numbers[index]));
    }
    numbers.iter_mut().for_each(|number| *number = number.ln_1p());
    Ok(())
}
