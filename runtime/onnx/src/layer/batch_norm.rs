//! `BatchNorm` in inference: its running statistics are constants.
//!
//! It is written as (x - mean) scale + beta, not as x scale + shift, which loses digits where the
//! mean is large.

use super::{norm::of_channels, Flow, LayerCall};
use crate::{graph::Graph, refusal::Refusal, tensor::Tensor};

pub(super) fn write(graph: &mut Graph, layer: &LayerCall<'_>, flow: Flow) -> Result<Flow, Refusal> {
    let epsilon = layer.argument("epsilon").number_or(1e-3);
    let (gamma, variance) = (layer.numbers("gamma")?, layer.numbers("running_var")?);
    let scale = gamma.iter().zip(variance).map(|(gamma, variance)| {
        (f64::from(*gamma) / (f64::from(variance) + epsilon).sqrt()) as f32
    });
    let rank = flow.value.rank();
    let dims = of_channels(rank, gamma.len());
    let constant = |graph: &mut Graph, name: &str, numbers: Vec<f32>| {
        graph.weight(name, Tensor::floats(&dims, numbers))
    };
    let mean = constant(graph, "running_mean", layer.numbers("running_mean")?);
    let scale = constant(graph, "scale", scale.collect());
    let beta = constant(graph, "beta", layer.numbers("beta")?);
    let centred = graph.sub(&flow.value, &mean);
    let scaled = graph.mul(&centred, &scale);
    let value = graph.add(&scaled, &beta);
    Ok(flow.with(value))
}

#[cfg(test)]
mod tests {
    use crate::testing::Case;

    const CASE: Case<'_> = Case {
        name: "BatchNorm",
        arguments: &[],
        tensors: &[("gamma", &[2]), ("beta", &[2]), ("running_mean", &[2]), ("running_var", &[2])],
    };

    #[test]
    fn the_mean_is_subtracted_before_the_scale() {
        let operators =
            ["Sub = Sub(x, running_mean)", "Mul = Mul(Sub, scale)", "Add = Add(Mul, beta)"];
        assert_eq!(CASE.on(&[2]), operators);
        assert_eq!(CASE.on_masked(&[5, 2]), operators);
        assert_eq!(CASE.on(&[2, 3, 4]), operators);
    }
}
