//! Layers, one file each, and their table.

mod attention;
mod batch_norm;
mod bidirectional;
mod conv;
mod dense;
mod embedding;
mod embedding_bag;
mod mask;
mod masking;
mod norm;
mod pixels;
mod pool;
mod recurrent;
mod reshape;
mod steps;
mod thresholds;
mod window;

pub(crate) use mask::aligned;

use std::collections::BTreeMap;

use multi_input_spec::{
    layer::{Layer, Sizes},
    Activation, Kind, MaskRule, Onnx, Shape, Size, Value as Argument,
};

use crate::{activation, graph::Graph, refusal::Refusal, tensor::Tensor, value::Value};

/// A translation of a layer: appends its operators, without its final activation.
type Write = fn(&mut Graph, &LayerCall<'_>, Flow) -> Result<Flow, Refusal>;

/// The translation of every layer of the spec that ONNX can express, by its name.
const LAYERS: &[(&str, Write)] = &[
    ("AvgPool1D", pool::steps),
    ("AvgPool2D", pool::image),
    ("BatchNorm", batch_norm::write),
    ("Bidirectional", bidirectional::write),
    ("Conv1D", conv::steps),
    ("Conv2D", conv::image),
    ("Dense", dense::write),
    ("Embedding", embedding::write),
    ("EmbeddingBag", embedding_bag::write),
    ("Flatten", reshape::write),
    ("GRU", recurrent::write),
    ("GlobalAveragePool1D", pool::all_steps),
    ("GlobalAveragePool2D", pool::all_pixels),
    ("GlobalMaxPool1D", pool::all_steps),
    ("GlobalMaxPool2D", pool::all_pixels),
    ("GroupNorm", norm::group),
    ("LSTM", recurrent::write),
    ("LayerNorm", norm::layer),
    ("Masking", masking::write),
    ("MaxPool1D", pool::steps),
    ("MaxPool2D", pool::image),
    ("MultiHeadAttention", attention::heads),
    ("PositionalEmbedding", steps::positions),
    ("RMSNorm", norm::root_mean_square),
    ("Reshape", reshape::write),
    ("SeparableConv2D", conv::separable),
    ("SimpleRNN", recurrent::write),
    ("Thresholds", thresholds::write),
    ("TimeDistributed", steps::each),
    ("TransformerBlock", attention::block),
    ("UpSampling2D", pixels::repeated),
    ("ZeroPad2D", pixels::zeros_around),
];

/// What flows from layer to layer.
#[derive(Clone, Debug)]
pub struct Flow {
    /// The values: `float`, or `int64` for categories.
    pub value: Value,
    /// The mask of their steps, `[batch, steps]` of `bool`, true for a step that counts.
    pub mask: Option<Value>,
    /// Of a weighted list of categories the weight of each, which the layer behind it takes.
    pub weights: Option<Value>,
}

impl Flow {
    /// With other values.
    #[must_use]
    pub fn with(self, value: Value) -> Flow {
        Flow { value, ..self }
    }

    /// Values without a mask.
    pub fn unmasked(value: Value) -> Flow {
        Flow { value, mask: None, weights: None }
    }
}

/// A layer to be written.
#[derive(Debug)]
pub struct LayerCall<'a> {
    /// Its row of the spec.
    pub spec: &'static Layer,
    /// The argument of each parameter.
    pub arguments: &'a [Argument],
    /// The final activation; [`Activation::Linear`] if the loss applies it to predictions.
    pub activation: Activation,
    /// Its tensors by their names in it: `weight`, `forward.bias`.
    pub tensors: BTreeMap<String, Tensor>,
    /// The sizes of a row of its output.
    pub output: &'a [usize],
    /// Whether its output has a mask.
    pub masked: bool,
    /// The layer among its arguments; its tensors have their names in the outer layer's
    /// [`tensors`](LayerCall::tensors).
    pub inner: Option<&'a LayerCall<'a>>,
}

impl LayerCall<'_> {
    /// The argument of the parameter `name`.
    pub fn argument(&self, name: &str) -> Argument {
        let mut named = self.spec.parameters.iter().zip(self.arguments);
        named
            .find(|(parameter, _)| parameter.name == name)
            .map_or(Argument::Absent, |(_, own)| *own)
    }

    /// The const arguments of its runtime's type, by the formula of the spec.
    pub fn sizes(&self, input: &Flow) -> Vec<usize> {
        let sizes: Sizes = (self.spec.sizes)(&shape_of(input), self.arguments);
        (0..sizes.len()).map(|position| sizes.at(position).get()).collect()
    }

    /// Whether [`write`] appends the activation: one within the layer has been written, and so has that
    /// of the layer in it.
    fn ends_in_activation(&self) -> bool {
        !self.spec.form.inner_activation && self.spec.form.inner.is_none()
    }

    /// A tensor as a weight of the graph; `None` if the layer has no such tensor.
    pub fn weight(&self, graph: &mut Graph, name: &str) -> Option<Value> {
        let tensor = self.tensors.get(name)?;
        Some(graph.weight(name, tensor.clone()))
    }

    /// A tensor that every layer of the kind has.
    ///
    /// # Errors
    /// If it is missing, which a model of the spec rules out.
    pub fn needed(&self, graph: &mut Graph, name: &str) -> Result<Value, Refusal> {
        self.weight(graph, name).ok_or_else(|| self.lacks(name))
    }

    /// The elements of a tensor that every layer of the kind has.
    ///
    /// # Errors
    /// As [`needed`](LayerCall::needed).
    pub fn numbers(&self, name: &str) -> Result<Vec<f32>, Refusal> {
        self.tensors.get(name).map(Tensor::as_floats).ok_or_else(|| self.lacks(name))
    }

    /// The layer among the arguments, with the tensors of the field `field` of this layer.
    ///
    /// # Errors
    /// If there is none, which a model of the spec rules out.
    pub fn inside(&self, field: &str) -> Result<LayerCall<'_>, Refusal> {
        let inner = self.inner.ok_or_else(|| self.lacks(field))?;
        let of_field = self.tensors.iter().filter_map(|(name, tensor)| {
            let name = name.strip_prefix(field)?.strip_prefix('.')?;
            Some((name.to_owned(), tensor.clone()))
        });
        Ok(LayerCall { tensors: of_field.collect(), ..*inner })
    }

    fn lacks(&self, name: &str) -> Refusal {
        let layer = self.spec.name;
        Refusal::new(format!("`{layer}` has no tensor `{name}`"), "report this")
    }
}

/// The shape of one row, for the formulas of the spec.
pub fn shape_of(flow: &Flow) -> Shape {
    let sizes: Vec<Size> = flow.value.row().into_iter().map(Size::Known).collect();
    let shape = match flow.value.dtype {
        crate::DataType::Int64 => Shape::categories(&sizes),
        _ => Shape::new(Kind::Numbers, &sizes),
    };
    shape.with_mask(flow.mask.is_some())
}

/// Appends the operators of a layer and of its final activation.
///
/// The mask of the output follows the rule of the spec: a layer that keeps a mask needs not pass it
/// on, one that reads or sets it gives its own.
///
/// # Errors
/// A [`Refusal`] if ONNX cannot express it.
pub fn write(graph: &mut Graph, layer: &LayerCall<'_>, flow: Flow) -> Result<Flow, Refusal> {
    let (spec, start) = (layer.spec, graph.nodes.len());
    Refusal::check(spec.name, spec.doc.onnx)?;
    let before = flow.mask.clone();
    let written = match spec.doc.onnx {
        Onnx::Nothing => flow,
        _ => translation(spec.name)?(graph, layer, flow)?,
    };
    let mask = match spec.form.mask {
        MaskRule::Keeps => before,
        MaskRule::Reads | MaskRule::Sets => written.mask.filter(|_| layer.masked),
        MaskRule::Loses => None,
    };
    let mut value = written.value;
    if layer.ends_in_activation() {
        value = activation::write_along(graph, layer.activation, &value, channels(&value));
    }
    debug_assert_eq!(graph.operators_outside(start, &allowed(layer)), [""; 0], "{}", spec.name);
    Ok(Flow { value, mask, weights: None })
}

/// The axis of the channels, over which a layer applies `softmax`: pictures have them first. (As a
/// layer of its own `softmax` is along the last axis.)
fn channels(value: &Value) -> i64 {
    match value.rank() {
        4 => 1,
        _ => -1,
    }
}

fn translation(name: &str) -> Result<Write, Refusal> {
    let row = LAYERS.iter().find(|row| row.0 == name);
    let untranslated = || Refusal::new(format!("`{name}` has no translation"), "report this");
    row.map(|row| row.1).ok_or_else(untranslated)
}

/// The operators that a layer may append by its row of the spec, with those of the layer in it.
fn allowed(layer: &LayerCall<'_>) -> Vec<&'static str> {
    let own = [layer.spec.doc.onnx.operators(), layer.activation.onnx().operators()].concat();
    match layer.inner {
        Some(inner) => [own, allowed(inner)].concat(),
        None => own,
    }
}
