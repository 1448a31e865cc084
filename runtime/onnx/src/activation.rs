//! Activation functions.

use multi_input_spec::Activation;

use crate::{graph::Graph, value::Value};

/// An activation of every element; `softmax` is along the last axis.
pub fn write(graph: &mut Graph, activation: Activation, x: &Value) -> Value {
    write_along(graph, activation, x, -1)
}

/// An activation of every element; `softmax` is along `axis`, counted with the batch.
pub(crate) fn write_along(
    graph: &mut Graph,
    activation: Activation,
    x: &Value,
    axis: i64,
) -> Value {
    match activation {
        Activation::Linear => x.clone(),
        Activation::Relu => graph.unary("Relu", x),
        Activation::LeakyRelu => {
            graph.operator("LeakyRelu", &[x]).with("alpha", 0.3_f32).gives(x.dtype, &x.shape)
        }
        Activation::Elu => graph.unary("Elu", x),
        Activation::Selu => graph.unary("Selu", x),
        Activation::Gelu => gelu(graph, x),
        Activation::Silu => {
            let sigmoid = graph.unary("Sigmoid", x);
            graph.mul(x, &sigmoid)
        }
        Activation::Softplus => graph.unary("Softplus", x),
        Activation::Sigmoid => graph.unary("Sigmoid", x),
        Activation::Tanh => graph.unary("Tanh", x),
        Activation::Softmax => graph.softmax(x, axis),
    }
}

/// `x (1 + erf(x / sqrt(2))) / 2`: the operator `Gelu` exists from opset 20 on only.
fn gelu(graph: &mut Graph, x: &Value) -> Value {
    let (scale, one, half) =
        (graph.float(std::f32::consts::FRAC_1_SQRT_2), graph.float(1.0), graph.float(0.5));
    let scaled = graph.mul(x, &scale);
    let erf = graph.unary("Erf", &scaled);
    let shifted = graph.add(&erf, &one);
    let product = graph.mul(x, &shifted);
    graph.mul(&product, &half)
}
