//! Layers, one file each, and their table.

mod dense;

use std::collections::BTreeMap;

use multi_input_spec::{
    layer::{Layer, Sizes},
    Activation, Kind, Shape, Size, Value as Argument,
};

use crate::{activation, graph::Graph, refusal::Refusal, tensor::Tensor, value::Value};

/// A translation of a layer: appends its operators, without its final activation.
type Write = fn(&mut Graph, &LayerCall<'_>, Flow) -> Result<Flow, Refusal>;

/// The translation of every layer of the spec that ONNX can express, by its name.
const LAYERS: &[(&str, Write)] = &[("Dense", dense::write)];

/// What flows from layer to layer.
#[derive(Clone, Debug)]
pub struct Flow {
    /// The values: `float`, or `int64` for categories.
    pub value: Value,
    /// The mask of their steps, `[batch, steps]` of `bool`, true for a step that counts.
    pub mask: Option<Value>,
}

impl Flow {
    /// With other values.
    #[must_use]
    pub fn with(self, value: Value) -> Flow {
        Flow { value, ..self }
    }

    /// Values without a mask.
    pub fn unmasked(value: Value) -> Flow {
        Flow { value, mask: None }
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
/// # Errors
/// A [`Refusal`] if ONNX cannot express it.
pub fn write(graph: &mut Graph, layer: &LayerCall<'_>, flow: Flow) -> Result<Flow, Refusal> {
    let name = layer.spec.name;
    Refusal::check(name, layer.spec.doc.onnx)?;
    let translation = LAYERS.iter().find(|row| row.0 == name);
    let Some((_, write)) = translation else { return Ok(flow) };
    let flow = write(graph, layer, flow)?;
    let value = activation::write(graph, layer.activation, &flow.value);
    Ok(flow.with(value))
}
