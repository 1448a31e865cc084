//! `LayerNorm`, `RMSNorm` and `GroupNorm`: normalisations within a row.

use super::{mask, Flow, LayerCall};
use crate::{graph::Graph, refusal::Refusal, tensor::Tensor, value::Value};

/// The sizes of a constant with a number for each channel: `[C]`, or `[C, 1, 1]` of pictures.
pub(super) fn of_channels(rank: usize, channels: usize) -> Vec<usize> {
    match rank {
        4 => vec![channels, 1, 1],
        _ => vec![channels],
    }
}

/// `LayerNorm`.
pub(super) fn layer(graph: &mut Graph, layer: &LayerCall<'_>, flow: Flow) -> Result<Flow, Refusal> {
    let epsilon = layer.argument("epsilon").number_or(1e-3);
    let (gamma, beta) = (layer.needed(graph, "gamma")?, layer.needed(graph, "beta")?);
    let value = normalised(graph, &flow.value, [&gamma, &beta], epsilon);
    Ok(flow.with(value))
}

/// The last axis to mean 0 and variance 1, then scale and shift.
pub(super) fn normalised(
    graph: &mut Graph,
    x: &Value,
    [gamma, beta]: [&Value; 2],
    epsilon: f64,
) -> Value {
    let operator = graph.operator("LayerNormalization", &[x, gamma, beta]);
    let operator = operator.with("axis", -1_i64).with("epsilon", epsilon as f32);
    operator.gives(x.dtype, &x.shape)
}

/// `RMSNorm`.
pub(super) fn root_mean_square(
    graph: &mut Graph,
    layer: &LayerCall<'_>,
    flow: Flow,
) -> Result<Flow, Refusal> {
    let epsilon = layer.argument("epsilon").number_or(1e-6);
    let gamma = layer.needed(graph, "gamma")?;
    let (x, last) = (&flow.value, flow.value.rank() - 1);
    let squares = graph.mul(x, x);
    let mean = graph.reduce_mean(&squares, &[last], true);
    let divided = over_root(graph, x, &mean, epsilon);
    let value = graph.mul(&divided, &gamma);
    Ok(flow.with(value))
}

/// `x / sqrt(variance + epsilon)`.
fn over_root(graph: &mut Graph, x: &Value, variance: &Value, epsilon: f64) -> Value {
    let epsilon = graph.float(epsilon as f32);
    let sum = graph.add(variance, &epsilon);
    let root = graph.unary("Sqrt", &sum);
    graph.div(x, &root)
}

/// `GroupNorm`: the elements of a group are one or several axes of a reshaped row.
pub(super) fn group(graph: &mut Graph, layer: &LayerCall<'_>, flow: Flow) -> Result<Flow, Refusal> {
    let epsilon = layer.argument("epsilon").number_or(1e-3);
    let [channels, groups] = layer.sizes(&flow)[..] else { return Ok(flow) };
    let (row, each) = (flow.value.row(), channels / groups.max(1));
    let (grouped, axes): (Vec<usize>, &[usize]) = match row[..] {
        [_, height, width] => (vec![groups, each, height, width], &[2, 3, 4]),
        [steps, _] => (vec![steps, groups, each], &[1, 3]),
        _ => (vec![groups, each], &[2]),
    };
    let x = graph.reshape(&flow.value, &grouped);
    let (centred, variance) = match &flow.mask {
        None => {
            let mean = graph.reduce_mean(&x, axes, true);
            let centred = graph.sub(&x, &mean);
            let squares = graph.mul(&centred, &centred);
            (centred, graph.reduce_mean(&squares, axes, true))
        }
        Some(counts) => {
            // The mean over the steps that count; every step has `each` elements of a group.
            let (count, width) = (mask::count(graph, counts), graph.float(each as f32));
            let elements = graph.mul(&count, &width);
            let elements = graph.reshape(&elements, &[1, 1, 1]);
            let mean_of = |graph: &mut Graph, x: &Value| {
                let counted = mask::zeros_elsewhere(graph, x, counts);
                let sum = graph.reduce_sum(&counted, axes, true);
                graph.div(&sum, &elements)
            };
            let mean = mean_of(graph, &x);
            let centred = graph.sub(&x, &mean);
            let squares = graph.mul(&centred, &centred);
            let variance = mean_of(graph, &squares);
            (centred, variance)
        }
    };
    let divided = over_root(graph, &centred, &variance, epsilon);
    let back = graph.reshape(&divided, &row);
    let dims = of_channels(flow.value.rank(), channels);
    let gamma = graph.weight("gamma", Tensor::floats(&dims, layer.numbers("gamma")?));
    let beta = graph.weight("beta", Tensor::floats(&dims, layer.numbers("beta")?));
    let scaled = graph.mul(&back, &gamma);
    let value = graph.add(&scaled, &beta);
    Ok(flow.with(value))
}

#[cfg(test)]
mod tests {
    use crate::testing::{size, Case};

    #[test]
    fn rows_are_normalised() {
        let tensors: &[(&str, &[usize])] = &[("gamma", &[4]), ("beta", &[4])];
        let case = Case { name: "LayerNorm", arguments: &[], tensors };
        assert_eq!(
            case.on_masked(&[5, 4]),
            ["LayerNormalization = LayerNormalization(x, gamma, beta) axis=-1 epsilon=0.001"]
        );
        let case = Case { name: "RMSNorm", arguments: &[], tensors };
        assert_eq!(
            case.on(&[4]),
            [
                "Mul = Mul(x, x)",
                "ReduceMean = ReduceMean(Mul) axes=[1] keepdims=1",
                "Add = Add(ReduceMean, [1e-6])",
                "Sqrt = Sqrt(Add)",
                "Div = Div(x, Sqrt)",
                "Mul_2 = Mul(Div, gamma)",
            ]
        );
    }

    #[test]
    fn groups_are_of_channels_over_all_pixels_or_the_steps_that_count() {
        let case = Case {
            name: "GroupNorm",
            arguments: &[("groups", size(2))],
            tensors: &[("gamma", &[4]), ("beta", &[4])],
        };
        let picture = case.on(&[4, 3, 5]);
        assert_eq!(picture[0], "Reshape = Reshape(x, [-1, 2, 2, 3, 5])");
        assert_eq!(picture[1], "ReduceMean = ReduceMean(Reshape) axes=[2, 3, 4] keepdims=1");
        let masked = case.on_masked(&[3, 4]);
        assert_eq!(masked[0], "Reshape = Reshape(x, [-1, 3, 2, 2])");
        assert!(masked.contains(&"ReduceSum_2 = ReduceSum(Where, [1, 3]) keepdims=1".to_owned()));
    }
}
