//! The operators `LSTM`, `GRU` and `RNN`.

use super::LayerCall;
use crate::{
    graph::Graph,
    refusal::Refusal,
    tensor::Tensor,
    value::{Dim, Value},
};

/// A recurrent operator, and the order in which it takes the gates of our weights.
struct Form {
    operator: &'static str,
    gates: &'static [usize],
}

impl Form {
    fn of(layer: &LayerCall<'_>) -> Form {
        match layer.spec.name {
            // Ours: i, f, c, o. ONNX: i, o, f, c.
            "LSTM" => Form { operator: "LSTM", gates: &[0, 3, 1, 2] },
            // z, r, h in both.
            "GRU" => Form { operator: "GRU", gates: &[0, 1, 2] },
            _ => Form { operator: "RNN", gates: &[0] },
        }
    }

    /// The rows of all gates in the order of ONNX.
    fn ordered(&self, numbers: &[f32]) -> Vec<f32> {
        let each = numbers.len() / self.gates.len();
        self.gates.iter().flat_map(|gate| &numbers[gate * each..][..each]).copied().collect()
    }

    /// The biases of the inputs and then those of the state, which are zero where there are none.
    fn biases(&self, numbers: &[f32], gates: usize) -> Vec<f32> {
        let (inputs, state) = numbers.split_at(gates.min(numbers.len()));
        let mut biases = self.ordered(inputs);
        biases.extend(self.ordered(state));
        biases.resize(2 * gates, 0.0);
        biases
    }
}

/// The state after every step, or after the last one. The axes of ONNX are steps, directions, batch,
/// features.
pub(super) fn run(
    graph: &mut Graph,
    layer: &LayerCall<'_>,
    x: &Value,
    every: bool,
) -> Result<Value, Refusal> {
    let form = Form::of(layer);
    let (weight, recurrent) = (layer.numbers("weight")?, layer.numbers("recurrent")?);
    let inputs = x.last();
    let gates = weight.len() / inputs.max(1);
    let units = gates / form.gates.len();
    let biases = form.biases(&layer.numbers("bias")?, gates);
    let sized = |sizes: &[usize], numbers| Tensor::floats(sizes, numbers);
    let weight = graph.weight("weight", sized(&[1, gates, inputs], form.ordered(&weight)));
    let recurrent = graph.weight("recurrent", sized(&[1, gates, units], form.ordered(&recurrent)));
    let bias = graph.weight("bias", sized(&[1, 2 * gates], biases));

    let x = graph.transpose(x, &[1, 0, 2]);
    let mut operator = graph.operator(form.operator, &[&x, &weight, &recurrent, &bias]);
    operator = operator.with("hidden_size", units as i64);
    if form.operator == "GRU" {
        let after = layer.argument("reset_after").flag_or(true);
        operator = operator.with("linear_before_reset", i64::from(after));
    }
    let (one, units) = (Dim::Known(1), Dim::Known(units));
    if every {
        let shape = [x.shape[0], one, x.shape[1], units];
        let [states] = operator.gives_all([Some((x.dtype, &shape[..]))]);
        let states = graph.squeeze(&states, 1);
        return Ok(graph.transpose(&states, &[1, 0, 2]));
    }
    let shape = [one, x.shape[1], units];
    let [_, last] = operator.gives_all([None, Some((x.dtype, &shape[..]))]);
    Ok(graph.squeeze(&last, 0))
}
