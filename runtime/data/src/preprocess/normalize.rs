//! `normalize`: normalization with a given mean and standard deviation.

#[cfg(feature = "onnx")]
use multi_input_onnx as onnx;

#[cfg(feature = "onnx")]
use super::onnx::in_double;
use super::stage::{FixedStep, Refusal};
use crate::{schema::Step, Real, Values};

/// (x - mean) / std, with one mean and standard deviation per channel of an image (otherwise per
/// index of the last axis), or one for all.
///
/// `keras.layers.Normalization(mean=mean, variance=std ** 2)`;
/// `torchvision.transforms.Normalize(mean, std)`.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "Normalization")]
#[doc(alias = "normalize_with")]
pub struct Normalize;

impl FixedStep for Normalize {
    fn apply(&self, step: &Step, mut values: Values) -> Result<Values, Refusal> {
        match &mut values {
            Values::Numbers(numbers) => normalize(step, numbers),
            Values::Doubles(numbers) => normalize(step, numbers),
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
        let [mean, std] = ["mean", "std"].map(|name| {
            let numbers = step.argument(name).numbers();
            let dims = match step.input.rank() {
                0 => vec![],
                3 => vec![numbers.len(), 1, 1],
                _ => vec![numbers.len()],
            };
            graph.constant(onnx::Tensor::doubles(&dims, numbers.iter().copied()))
        });
        Ok(in_double(graph, flow, |graph, value| {
            let shifted = graph.sub(value, &mean);
            graph.div(&shifted, &std)
        }))
    }
}

fn normalize<T: Real>(step: &Step, numbers: &mut [T]) {
    let (mean, std) = (step.argument("mean").numbers(), step.argument("std").numbers());
    // Number of consecutive values of one channel.
    let run = match step.input.rank() {
        3 => step.input.dim(1).get() * step.input.dim(2).get(),
        _ => 1,
    };
    let channels = mean.iter().zip(std).cycle();
    for (run, (mean, std)) in numbers.chunks_mut(run.max(1)).zip(channels) {
        for number in run {
            *number = T::of((number.as_f64() - mean) / std);
        }
    }
}
