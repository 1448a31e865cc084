//! The nodes of a model, from encoded columns to heads: the generated forward pass in inference
//! (`codegen/forward.rs` of the macro), as data.

use std::collections::{BTreeMap, HashMap};

use multi_input_base::Result;
use multi_input_kernel::{Backend, Element};
use multi_input_onnx::{
    activation, layer, merge, DataType, Flow, Graph, LayerCall, MergeCall, Operand, Refusal,
    Tensor, Value,
};
use multi_input_spec::{
    layer::{tensors, LayerTensor},
    Activation, Onnx, Shape, Value as Argument,
};

use super::{inputs::Column, refused};
use crate::{
    definition::{self, Absence, Computes, Layer, Missing, Node},
    untyped::{parameters, UntypedModel},
};

/// Writes all nodes; the heads are those of the outputs with a loss and then those without.
pub(super) fn write<E: Element, D: Backend<E>>(
    graph: &mut Graph,
    model: &UntypedModel<E, D>,
    columns: &[Column],
) -> Result<Vec<Flow>> {
    let definition = model.graph();
    let mut network =
        Network { definition, columns, tensors: tensors_of(model), flows: HashMap::new() };
    for node in definition.nodes {
        let flow = graph.within(node.name, |graph| network.node(graph, node));
        if let Some(flow) = flow.map_err(|refusal| refused(node.name, refusal))? {
            network.flows.insert(node.name, flow);
        }
    }
    let outputs = definition.outputs.iter().map(|output| output.name);
    let values = definition.values.iter().map(|value| value.name);
    Ok(outputs.chain(values).filter_map(|name| network.flows.get(name).cloned()).collect())
}

/// The tensors of a model in the order of its layers, rounded to `f32`.
fn tensors_of<E: Element, D: Backend<E>>(model: &UntypedModel<E, D>) -> Vec<(String, Tensor)> {
    parameters::each(&model.module, |tensor, numbers| {
        let numbers = numbers.iter().map(|number| number.as_f64() as f32);
        (tensor.name, Tensor::floats(&tensor.shape, numbers))
    })
}

/// The nodes that are written so far.
struct Network<'a> {
    definition: &'static definition::Graph,
    columns: &'a [Column],
    tensors: Vec<(String, Tensor)>,
    flows: HashMap<&'static str, Flow>,
}

impl Network<'_> {
    /// The output of a node; `None` of one that only derived nodes take.
    fn node(
        &self,
        graph: &mut Graph,
        node: &'static Node,
    ) -> std::result::Result<Option<Flow>, Refusal> {
        let Some(mut flow) = self.source(graph, node)? else { return Ok(None) };
        let link = self.link(node);
        let mut tensors = self.tensors_of(node.shared.unwrap_or(node.name));
        for (index, layer) in node.layers.iter().enumerate() {
            let is_last = index + 1 == node.layers.len();
            let name = format!("{index}.{}", name_of(layer));
            flow = graph.within(&name, |graph| {
                write_layer(graph, layer, flow, link.filter(|_| is_last), &mut tensors)
            })?;
        }
        Ok(Some(match node.absence.and_then(|absence| Some((absence, absence.replaced?))) {
            Some((absence, policy)) => self.replaced(graph, node, flow, absence, policy)?,
            None => flow,
        }))
    }

    /// The activation that the loss of a node applies, which its branch then leaves out.
    fn link(&self, node: &Node) -> Option<Activation> {
        let output = self.definition.outputs.iter().find(|output| output.name == node.name)?;
        output.loss.form().link
    }

    /// The tensors of a branch, without the vector that stands in for it.
    fn tensors_of(&self, owner: &str) -> impl Iterator<Item = &(String, Tensor)> {
        let prefix = format!("{owner}.");
        self.tensors.iter().filter(move |(name, _)| name.starts_with(&prefix))
    }

    /// What flows into the branch of a node.
    fn source(
        &self,
        graph: &mut Graph,
        node: &'static Node,
    ) -> std::result::Result<Option<Flow>, Refusal> {
        if let Some(merge) = node.merge {
            return self.merged(graph, node, &merge).map(Some);
        }
        if node.own.is_some() {
            return Refusal::check(node.source, Onnx::OF_OWN).map(|()| None);
        }
        if let Some(column) = self.column(node.name) {
            return Ok(Some(self.selected(graph, node, &self.columns[column])));
        }
        Ok(node.fed_by.first().and_then(|name| self.flows.get(name)).cloned())
    }

    /// The index of the encoded column that a node is.
    fn column(&self, name: &str) -> Option<usize> {
        let inputs = self.definition.inputs.iter().map(|input| input.name);
        let derived = self.definition.derived.iter().map(|derived| derived.name);
        inputs.chain(derived).position(|own| own == name)
    }

    /// An encoded column, with zeros in the rows that lack the input.
    fn selected(&self, graph: &mut Graph, node: &Node, column: &Column) -> Flow {
        let flow = column.flow.clone();
        let absence = node.absence.filter(|absence| absence.policy != Missing::Mean);
        let Some(present) = absence.and_then(|absence| self.present(absence.input)) else {
            return flow;
        };
        let value = zeros_where_absent(graph, &flow.value, present);
        flow.with(value)
    }

    /// Which rows have an optional input.
    fn present(&self, input: usize) -> Option<&Value> {
        self.columns.get(input)?.present.as_ref()
    }

    /// The output of a branch, replaced in the rows that lack its input.
    fn replaced(
        &self,
        graph: &mut Graph,
        node: &Node,
        flow: Flow,
        absence: Absence,
        policy: Missing,
    ) -> std::result::Result<Flow, Refusal> {
        let Some(present) = self.present(absence.input) else { return Ok(flow) };
        // An input without a branch has been selected already.
        let is_selected = node.layers.is_empty() && self.column(node.name).is_some();
        let stand_in = format!("{}_missing", node.name);
        let stand_in = self.tensors.iter().find(|(name, _)| *name == stand_in);
        let (value, mask) = match stand_in.filter(|_| policy == Missing::Learned) {
            Some((_, vector)) => {
                let vector = graph.weight("missing", vector.clone().with_dims(node.shape));
                let condition = aligned(graph, present, flow.value.rank());
                let value = graph.choose(&condition, &flow.value, &vector);
                // Every step of the learned vector counts, and no step of the zeros.
                let absent = graph.not(present);
                (value, flow.mask.map(|mask| graph.or(&mask, &absent)))
            }
            None => {
                let value = match is_selected {
                    true => flow.value,
                    false => zeros_where_absent(graph, &flow.value, present),
                };
                (value, flow.mask.map(|mask| graph.and(&mask, present)))
            }
        };
        Ok(Flow { value, mask, weights: None })
    }

    fn merged(
        &self,
        graph: &mut Graph,
        node: &Node,
        merge: &definition::Merge,
    ) -> std::result::Result<Flow, Refusal> {
        let operands = node.fed_by.iter().zip(merge.presence).filter_map(|(name, presence)| {
            if let Some(input) = presence {
                let flow = match self.present(*input) {
                    Some(present) => graph.cast(present, DataType::Float),
                    None => return None,
                };
                return Some(Operand { flow: Flow::unmasked(flow), present: None });
            }
            let absence = self.definition.node(name)?.absence;
            let counted = absence
                .filter(|absence| merge.spec.counts_present && absence.policy == Missing::Zeros);
            let present = counted.and_then(|absence| self.present(absence.input)).cloned();
            Some(Operand { flow: self.flows.get(name)?.clone(), present })
        });
        let call = MergeCall {
            spec: merge.spec,
            arguments: merge.arguments,
            operands: operands.collect(),
            output: node.input_shape,
            masked: node.input_masked,
        };
        graph.within(merge.spec.name, |graph| merge::write(graph, &call))
    }
}

/// The name of a layer.
fn name_of(layer: &Layer) -> &'static str {
    match layer.computes {
        Computes::Layer { spec, .. } => spec.name,
        Computes::Activation(activation) => activation.type_name(),
        Computes::Own => "own",
    }
}

/// Writes a layer of a branch. The loss applies `link`, if the layer ends in it.
fn write_layer<'t>(
    graph: &mut Graph,
    layer: &Layer,
    flow: Flow,
    link: Option<Activation>,
    tensors: &mut impl Iterator<Item = &'t (String, Tensor)>,
) -> std::result::Result<Flow, Refusal> {
    match layer.computes {
        Computes::Activation(activation) => {
            let value = activation::write(graph, without(link, activation), &flow.value);
            Ok(flow.with(value))
        }
        Computes::Layer { spec, inner, .. } => {
            let input = layer::shape_of(&flow);
            // A layer of single steps computes the output of the layer that holds it.
            let of_inner = link.filter(|_| spec.form.inner.is_some_and(|inner| inner.of_step));
            let inner = inner.and_then(|inner| call(inner, None, of_inner));
            let Some(call) = call(layer, inner.as_ref(), link) else { return Ok(flow) };
            let names = tensor_names(layer, &input);
            let tensors = names.into_iter().zip(tensors);
            let tensors = tensors.map(|(name, (_, own))| (name, own.clone())).collect();
            let call = LayerCall { tensors, ..call };
            layer::write(graph, &call, flow)
        }
        Computes::Own => Refusal::check(layer.text, Onnx::OF_OWN).map(|()| flow),
    }
}

/// An activation, unless the loss applies it.
fn without(link: Option<Activation>, activation: Activation) -> Activation {
    match Some(activation) == link {
        true => Activation::Linear,
        false => activation,
    }
}

/// The description of a layer of the spec, without its tensors. The loss applies `link`, if the layer
/// ends in it.
fn call<'a>(
    layer: &'a Layer,
    inner: Option<&'a LayerCall<'a>>,
    link: Option<Activation>,
) -> Option<LayerCall<'a>> {
    let Computes::Layer { spec, arguments, .. } = layer.computes else { return None };
    let given = arguments.iter().find_map(|argument| match argument {
        Argument::Activation(activation) => Some(*activation),
        _ => None,
    });
    let activation = match spec.form.activation {
        true => given.unwrap_or(spec.form.default_activation),
        false => Activation::Linear,
    };
    // An activation within a layer is not that of its output.
    let activation = without(link.filter(|_| !spec.form.inner_activation), activation);
    let tensors = BTreeMap::new();
    Some(LayerCall {
        spec,
        arguments,
        activation,
        tensors,
        output: layer.shape,
        masked: layer.masked,
        inner,
    })
}

/// The names of the tensors of a layer, in the order of a module, with those of the layer in it.
fn tensor_names(layer: &Layer, input: &Shape) -> Vec<String> {
    named_tensors(layer, input).into_iter().map(|tensor| tensor.name).collect()
}

fn named_tensors(layer: &Layer, input: &Shape) -> Vec<LayerTensor> {
    let Computes::Layer { spec, arguments, inner } = layer.computes else { return Vec::new() };
    let inside = spec.form.inner.zip(inner).and_then(|(holds, inner)| {
        let of_inner = (holds.input)(input).ok()?;
        Some(named_tensors(inner, &of_inner))
    });
    tensors(spec, input, arguments, &inside.unwrap_or_default())
}

/// Zeros in the rows that lack an input; a product would not do, because 0 times NaN is NaN.
fn zeros_where_absent(graph: &mut Graph, value: &Value, present: &Value) -> Value {
    let condition = aligned(graph, present, value.rank());
    let zero = match value.dtype {
        DataType::Int64 => graph.int(0),
        _ => graph.float(0.0),
    };
    graph.choose(&condition, value, &zero)
}

/// `[batch, 1]` with as many axes as a value has, so that it is broadcast along its rows.
fn aligned(graph: &mut Graph, present: &Value, rank: usize) -> Value {
    match rank {
        2 => present.clone(),
        _ => graph.reshape(present, &vec![1; rank.saturating_sub(1)]),
    }
}
