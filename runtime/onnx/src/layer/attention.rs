//! `MultiHeadAttention` and `TransformerBlock`.

use std::collections::BTreeMap;

use super::{norm, Flow, LayerCall};
use crate::{
    activation,
    graph::Graph,
    refusal::Refusal,
    tensor::Tensor,
    value::{DataType, Value},
};

/// The epsilon of both norms of a `TransformerBlock`.
const EPSILON: f64 = 1e-6;

/// `MultiHeadAttention`.
pub(super) fn heads(graph: &mut Graph, layer: &LayerCall<'_>, flow: Flow) -> Result<Flow, Refusal> {
    let value = self_attention(graph, layer, &flow, "")?;
    Ok(flow.with(value))
}

/// `TransformerBlock`: attention, then two dense layers, each added to its input and normalised.
pub(super) fn block(graph: &mut Graph, layer: &LayerCall<'_>, flow: Flow) -> Result<Flow, Refusal> {
    let attended =
        graph.within("attention", |graph| self_attention(graph, layer, &flow, "attention."))?;
    let x = add_and_normalise(graph, layer, (&flow.value, &attended), "attention_norm")?;
    let expanded = dense(graph, layer, &x, "expand.weight", "expand.bias")?;
    let expanded = activation::write(graph, layer.activation, &expanded);
    let contracted = dense(graph, layer, &expanded, "contract.weight", "contract.bias")?;
    let value = add_and_normalise(graph, layer, (&x, &contracted), "output_norm")?;
    Ok(flow.with(value))
}

fn add_and_normalise(
    graph: &mut Graph,
    layer: &LayerCall<'_>,
    (x, change): (&Value, &Value),
    field: &str,
) -> Result<Value, Refusal> {
    let gamma = layer.needed(graph, &format!("{field}.gamma"))?;
    let beta = layer.needed(graph, &format!("{field}.beta"))?;
    let sum = graph.add(x, change);
    Ok(norm::normalised(graph, &sum, [&gamma, &beta], EPSILON))
}

fn dense(
    graph: &mut Graph,
    layer: &LayerCall<'_>,
    x: &Value,
    weight: &str,
    bias: &str,
) -> Result<Value, Refusal> {
    let (weight, bias) = (layer.needed(graph, weight)?, layer.needed(graph, bias)?);
    Ok(graph.dense(x, &weight, Some(&bias)))
}

/// Self-attention, with tensors whose names begin with `field`.
fn self_attention(
    graph: &mut Graph,
    layer: &LayerCall<'_>,
    flow: &Flow,
    field: &str,
) -> Result<Value, Refusal> {
    let steps = flow.value.row()[0];
    let (heads, width) =
        (layer.argument("heads").size().get(), layer.argument("key_dim").size().get());
    let mut projected = BTreeMap::new();
    for name in ["query", "key", "value"] {
        let [weight, bias] = ["weight", "bias"].map(|part| format!("{field}{name}_{part}"));
        let rows = dense(graph, layer, &flow.value, &weight, &bias)?;
        let split = graph.reshape(&rows, &[steps, heads, width]);
        let order: &[usize] = if name == "key" { &[0, 2, 3, 1] } else { &[0, 2, 1, 3] };
        projected.insert(name, graph.transpose(&split, order));
    }
    let products = graph.matmul(&projected["query"], &projected["key"]);
    let scale = graph.float(1.0 / (width as f32).sqrt());
    let mut scores = graph.mul(&products, &scale);
    let allowed = allowed(graph, layer, flow, steps);
    if let Some(allowed) = &allowed {
        // A finite number: a row without any step would be NaN otherwise.
        let least = graph.float(-1e30);
        scores = graph.choose(allowed, &scores, &least);
    }
    let mut weights = graph.softmax(&scores, -1);
    if let Some(allowed) = &allowed {
        let zero = graph.float(0.0);
        weights = graph.choose(allowed, &weights, &zero);
    }
    let mixed = graph.matmul(&weights, &projected["value"]);
    let rows = graph.transpose(&mixed, &[0, 2, 1, 3]);
    let rows = graph.reshape(&rows, &[steps, heads * width]);
    let [weight, bias] = ["weight", "bias"].map(|part| format!("{field}output_{part}"));
    dense(graph, layer, &rows, &weight, &bias)
}

/// Which steps a step attends to, `[batch or 1, 1, steps, steps]`; `None` if to all.
fn allowed(graph: &mut Graph, layer: &LayerCall<'_>, flow: &Flow, steps: usize) -> Option<Value> {
    let causal = layer.argument("causal").flag_or(false).then(|| {
        let pairs = (0..steps).flat_map(|from| (0..steps).map(move |to| to <= from));
        graph.constant(Tensor::bools(&[1, 1, steps, steps], pairs))
    });
    let masked = flow.mask.as_ref().map(|mask| {
        debug_assert_eq!(mask.dtype, DataType::Bool);
        let from = graph.reshape(mask, &[1, steps, 1]);
        let to = graph.reshape(mask, &[1, 1, steps]);
        graph.and(&from, &to)
    });
    match (causal, masked) {
        (Some(causal), Some(masked)) => Some(graph.and(&masked, &causal)),
        (causal, masked) => causal.or(masked),
    }
}
