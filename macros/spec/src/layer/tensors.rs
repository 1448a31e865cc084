//! The tensors of every layer, by their names and sizes in saved files.

use super::{biases, Layer};
use crate::{Shape, Size, Value};

/// A tensor of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerTensor {
    /// Its name in the layer: `weight`, `forward.weight`.
    pub name: String,
    /// Its sizes.
    pub sizes: Vec<Size>,
}

/// The tensors of a layer. Those of a layer among the arguments are `inner`.
pub fn tensors(
    layer: &Layer,
    input: &Shape,
    arguments: &[Value],
    inner: &[LayerTensor],
) -> Vec<LayerTensor> {
    let sizes = (layer.sizes)(input, arguments);
    let at = |position: usize| sizes.at(position);
    let one = Size::Known(1);
    let biases = |units: Size, bias: usize| biases(units, &arguments[bias]);
    match layer.name {
        "Dense" => dense(at(0), at(1), biases(at(1), 4)),
        "Embedding" | "EmbeddingBag" => vec![of("weight", &[at(0), at(1)])],
        "PositionalEmbedding" => vec![of("weight", &[at(0), at(1)])],
        "BatchNorm" => {
            let names = ["gamma", "beta", "running_mean", "running_var"];
            names.iter().map(|name| of(name, &[at(0)])).collect()
        }
        "LayerNorm" | "GroupNorm" => norm(at(0)),
        "RMSNorm" => vec![of("gamma", &[at(0)])],
        "Thresholds" => vec![of("thresholds", &[at(0)])],
        "Conv1D" => with_bias(of("weight", &[at(1), at(0), at(2)]), at(3)),
        "Conv2D" => with_bias(of("weight", &[at(1), at(0), at(2), at(3)]), at(4)),
        "SeparableConv2D" => {
            let pointwise = with_bias(of("weight", &[at(2), at(1), one, one]), at(5));
            let depthwise = of("depthwise", &[at(1), one, at(3), at(4)]);
            [vec![depthwise], within("pointwise", pointwise)].concat()
        }
        "LSTM" => recurrent(at(0), at(1), at(2), &[at(2)]),
        "GRU" => recurrent(at(0), at(1), at(2), &[at(3), at(2)]),
        "SimpleRNN" => recurrent(at(0), at(1), at(1), &[at(1)]),
        "MultiHeadAttention" => attention(at(0), at(3)),
        "TransformerBlock" => [
            within("attention", attention(at(0), at(3))),
            within("attention_norm", norm(at(0))),
            within("expand", dense(at(0), at(4), at(4))),
            within("contract", dense(at(4), at(0), at(0))),
            within("output_norm", norm(at(0))),
        ]
        .concat(),
        _ => {
            let fields = layer.form.inner.map_or(&[][..], |inner| inner.fields);
            fields.iter().flat_map(|field| within(field, inner.to_vec())).collect()
        }
    }
}

fn of(name: &str, sizes: &[Size]) -> LayerTensor {
    LayerTensor { name: name.to_owned(), sizes: sizes.to_vec() }
}

/// The tensors of a layer that is the field `field`.
fn within(field: &str, tensors: Vec<LayerTensor>) -> Vec<LayerTensor> {
    let named =
        |tensor: LayerTensor| LayerTensor { name: format!("{field}.{}", tensor.name), ..tensor };
    tensors.into_iter().map(named).collect()
}

/// With as many biases, of which there may be none.
fn with_bias(weight: LayerTensor, biases: Size) -> Vec<LayerTensor> {
    match biases {
        Size::Known(0) => vec![weight],
        biases => vec![weight, of("bias", &[biases])],
    }
}

fn dense(inputs: Size, units: Size, biases: Size) -> Vec<LayerTensor> {
    with_bias(of("weight", &[units, inputs]), biases)
}

fn norm(features: Size) -> Vec<LayerTensor> {
    vec![of("gamma", &[features]), of("beta", &[features])]
}

fn recurrent(inputs: Size, units: Size, gates: Size, bias: &[Size]) -> Vec<LayerTensor> {
    vec![of("weight", &[gates, inputs]), of("recurrent", &[gates, units]), of("bias", bias)]
}

fn attention(features: Size, width: Size) -> Vec<LayerTensor> {
    let into = ["query", "key", "value"].into_iter().flat_map(|name| {
        [of(&format!("{name}_weight"), &[width, features]), of(&format!("{name}_bias"), &[width])]
    });
    let out = [of("output_weight", &[features, width]), of("output_bias", &[features])];
    into.chain(out).collect()
}
