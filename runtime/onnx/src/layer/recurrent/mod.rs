//! `LSTM`, `GRU` and `SimpleRNN`: the operators of ONNX, over the steps that count.

mod operator;
mod packed;
mod unrolled;

use multi_input_spec::Activation;

use super::{Flow, LayerCall};
use crate::{graph::Graph, refusal::Refusal, value::Value};

/// A recurrent layer. One that reads backwards returns the last step first, and its mask likewise.
pub(super) fn write(graph: &mut Graph, layer: &LayerCall<'_>, flow: Flow) -> Result<Flow, Refusal> {
    let flow = match layer.argument("go_backwards").flag_or(false) {
        true => reversed(graph, &flow),
        false => flow,
    };
    let value = read(graph, layer, &flow)?;
    Ok(Flow { value, mask: flow.mask, weights: None })
}

/// The sequences and their mask in reverse order.
pub(super) fn reversed(graph: &mut Graph, flow: &Flow) -> Flow {
    let value = graph.reverse(&flow.value, 1);
    let mask = flow.mask.as_ref().map(|mask| graph.reverse(mask, 1));
    Flow { value, mask, weights: None }
}

/// The state after the last step, `[batch, units]`, or after every step, `[batch, steps, units]`.
///
/// At masked steps the state does not change. `sequence_lens` of ONNX would not do: it leaves out
/// steps at the end only, and gives zeros there. Therefore the steps that count are moved to the
/// front, and each step takes the state after as many of them as there are up to it.
pub(super) fn read(
    graph: &mut Graph,
    layer: &LayerCall<'_>,
    flow: &Flow,
) -> Result<Value, Refusal> {
    let every = returns_sequences(layer);
    let Some(mask) = &flow.mask else { return run(graph, layer, &flow.value, every) };
    let in_front = packed::in_front(graph, &flow.value, mask);
    let states = run(graph, layer, &in_front, true)?;
    Ok(packed::after_each(graph, &states, mask, every))
}

/// Whether the output has all steps.
pub(super) fn returns_sequences(layer: &LayerCall<'_>) -> bool {
    layer.argument("return_sequences").flag_or(false)
}

/// The states of a layer without a mask.
fn run(graph: &mut Graph, layer: &LayerCall<'_>, x: &Value, every: bool) -> Result<Value, Refusal> {
    match layer.spec.name {
        // `RNN` has only some of the activations, and tract takes each of them for tanh.
        "SimpleRNN" if layer.activation != Activation::Tanh => {
            unrolled::run(graph, layer, x, every)
        }
        _ => operator::run(graph, layer, x, every),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use multi_input_spec::{layer, Activation, Size, Value as Argument};

    use super::*;
    use crate::{tensor::Tensor, value::Dim, DataType};

    /// The graph of a layer of one unit on `[3, 1]`, whose weights are 1, 2, .. in our order of gates.
    fn written(
        spec: &'static layer::Layer,
        (gates, biases): (usize, usize),
        named: &[(&str, Argument)],
        masked: bool,
    ) -> (Graph, Value) {
        let arguments: Vec<Argument> = spec
            .parameters
            .iter()
            .map(|parameter| match named.iter().find(|(name, _)| *name == parameter.name) {
                Some((_, argument)) => *argument,
                None if parameter.name == "units" => Argument::Size(Size::Known(1)),
                None => Argument::Absent,
            })
            .collect();
        let activation = named.iter().find_map(|(_, argument)| match argument {
            Argument::Activation(activation) => Some(*activation),
            _ => None,
        });
        let counted = |dims: &[usize]| {
            let count = dims.iter().product::<usize>();
            Tensor::floats(dims, (1..=count).map(|number| number as f32))
        };
        let tensors = BTreeMap::from([
            ("weight".to_owned(), counted(&[gates, 1])),
            ("recurrent".to_owned(), counted(&[gates, 1])),
            ("bias".to_owned(), counted(&[biases, gates])),
        ]);
        let layer = LayerCall {
            spec,
            arguments: &arguments,
            activation: activation.unwrap_or(spec.form.default_activation),
            tensors,
            output: &[1],
            masked: false,
            inner: None,
        };
        let mut graph = Graph::new();
        let sizes = [Dim::Batch, Dim::Known(3), Dim::Known(1)];
        let value = graph.input("x", DataType::Float, &sizes, "");
        let mask = masked.then(|| graph.input("mask", DataType::Bool, &sizes[..2], ""));
        let flow = write(&mut graph, &layer, Flow { value, mask, weights: None }).unwrap();
        (graph, flow.value)
    }

    fn operators(graph: &Graph) -> Vec<&str> {
        graph.nodes.iter().map(|node| node.op_type.as_str()).collect()
    }

    fn constant(graph: &Graph, name: &str) -> (Vec<usize>, Vec<f32>) {
        let (_, tensor) = graph.initializers.iter().find(|(own, _)| own == name).unwrap();
        (tensor.dims().to_vec(), tensor.as_floats())
    }

    fn attribute(graph: &Graph, operator: &str, name: &str) -> Option<i64> {
        let node = graph.nodes.iter().find(|node| node.op_type == operator)?;
        node.attribute.iter().find(|attribute| attribute.name == name)?.i
    }

    #[test]
    fn the_gates_of_an_lstm_are_in_the_order_of_onnx() {
        let (graph, y) = written(&layer::lstm::LAYER, (4, 1), &[], false);
        assert_eq!(operators(&graph), ["Transpose", "LSTM", "Squeeze"]);
        assert_eq!(y.shape, [Dim::Batch, Dim::Known(1)]);
        assert_eq!(constant(&graph, "weight"), (vec![1, 4, 1], vec![1.0, 4.0, 2.0, 3.0]));
        assert_eq!(constant(&graph, "recurrent"), (vec![1, 4, 1], vec![1.0, 4.0, 2.0, 3.0]));
        let bias = vec![1.0, 4.0, 2.0, 3.0, 0.0, 0.0, 0.0, 0.0];
        assert_eq!(constant(&graph, "bias"), (vec![1, 8], bias));
        assert_eq!(attribute(&graph, "LSTM", "hidden_size"), Some(1));
    }

    #[test]
    fn a_gru_has_one_bias_or_two() {
        let (graph, _) = written(&layer::gru::LAYER, (3, 2), &[], false);
        let biases = vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        assert_eq!(constant(&graph, "bias"), (vec![1, 6], biases));
        assert_eq!(attribute(&graph, "GRU", "linear_before_reset"), Some(1));

        let before = [("reset_after", Argument::Flag(false))];
        let (graph, _) = written(&layer::gru::LAYER, (3, 1), &before, false);
        let biases = vec![1.0, 2.0, 3.0, 0.0, 0.0, 0.0];
        assert_eq!(constant(&graph, "bias"), (vec![1, 6], biases));
        assert_eq!(attribute(&graph, "GRU", "linear_before_reset"), Some(0));
    }

    #[test]
    fn other_activations_than_tanh_are_unrolled() {
        let (graph, _) = written(&layer::simple_rnn::LAYER, (1, 1), &[], false);
        assert_eq!(operators(&graph), ["Transpose", "RNN", "Squeeze"]);
        let relu = [("activation", Argument::Activation(Activation::Relu))];
        let (graph, _) = written(&layer::simple_rnn::LAYER, (1, 1), &relu, false);
        let count = |name| operators(&graph).iter().filter(|operator| **operator == name).count();
        assert_eq!((count("Relu"), count("Gemm"), count("RNN")), (3, 2, 0));
    }

    #[test]
    fn steps_that_count_are_read_in_front() {
        let (graph, y) = written(&layer::lstm::LAYER, (4, 1), &[], true);
        let expected = [
            "Cast",
            "Mul",
            "TopK",
            "Unsqueeze",
            "Expand",
            "GatherElements", // in front
            "Transpose",
            "LSTM",
            "Squeeze",
            "Transpose", // states
            "Cast",
            "ReduceSum",
            "Sub",
            "Max",
            "Cast", // the last of them
            "Unsqueeze",
            "Expand",
            "GatherElements",
            "Greater",
            "Reshape",
            "Where",
            "Squeeze",
        ];
        assert_eq!(operators(&graph), expected);
        assert_eq!(y.shape, [Dim::Batch, Dim::Known(1)]);

        let every = [("return_sequences", Argument::Flag(true))];
        let (graph, y) = written(&layer::lstm::LAYER, (4, 1), &every, true);
        assert!(operators(&graph).contains(&"CumSum"));
        assert_eq!(y.shape, [Dim::Batch, Dim::Known(3), Dim::Known(1)]);
    }
}
