//! The order of the numbers that flow into a layer, where another library has the axes of images and
//! sequences in another order.

use std::{collections::HashMap, rc::Rc};

use super::{
    kind::{at_commas, Kind},
    Conversion, Library,
};
use multi_input_data::Content;

use crate::definition::{Graph, Layer, Node};

/// The order of the numbers that flow into a layer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Order {
    /// That of the other library.
    #[default]
    Same,
    /// For each of our numbers, its index in the other library.
    Permuted(Rc<[usize]>),
    /// It cannot be known, for this reason.
    Unknown(String),
}

/// The orders of the numbers that flow into the layers of a model, by node and index.
pub(super) struct Features(HashMap<(&'static str, usize), Order>);

/// A value that flows from layer to layer.
#[derive(Clone, Debug)]
struct Flow {
    axes: Axes,
    order: Order,
    shape: Vec<usize>,
}

/// The axes of a value in the other library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Axes {
    Same,
    /// The first one is the last one there: channels of images in Keras, features of sequences in
    /// PyTorch are the other way about.
    FirstIsLast,
    /// The last one is the first one there.
    LastIsFirst,
}

impl Features {
    pub(super) fn of(graph: &'static Graph, conversion: Conversion) -> Features {
        let (mut features, mut nodes) = (HashMap::new(), HashMap::new());
        for node in graph.nodes {
            let mut flow = source(graph, node, conversion, &nodes);
            let owner = node.shared.and_then(|owner| graph.node(owner));
            for (index, layer) in owner.unwrap_or(node).layers.iter().enumerate() {
                features.insert((node.name, index), flow.order.clone());
                flow = flow.through(layer, conversion);
            }
            nodes.insert(node.name, flow);
        }
        Features(features)
    }

    /// Of what flows into a layer.
    pub(super) fn into(&self, node: &'static str, layer: usize) -> Order {
        self.0.get(&(node, layer)).cloned().unwrap_or_default()
    }
}

impl Flow {
    fn plain(shape: &[usize]) -> Flow {
        Flow { axes: Axes::Same, order: Order::Same, shape: shape.to_vec() }
    }

    fn through(self, layer: &Layer, conversion: Conversion) -> Flow {
        let plain = Flow::plain(layer.shape);
        match Kind::of(layer.identity).name {
            "Conv2D" | "SeparableConv2D" | "MaxPool2D" | "AvgPool2D" | "ZeroPad2D"
            | "UpSampling2D" => Flow { axes: conversion.image(), ..self.or_unknown(plain) },
            "Conv1D" | "MaxPool1D" | "AvgPool1D" => {
                Flow { axes: conversion.convolved(), ..self.or_unknown(plain) }
            }
            "Flatten" => Flow { order: self.flattened(), ..plain },
            "Reshape" => self.reshaped(layer, conversion),
            "BatchNorm" | "LayerNorm" | "GroupNorm" | "RMSNorm" | "PositionalEmbedding" => self,
            // An activation, or what matters in training.
            _ if layer.parameters == Some(0) && layer.shape == self.shape => self,
            _ if layer.parameters.is_none() => {
                let reason = format!("`{}` may move them", layer.text);
                self.unless_moved(plain, reason)
            }
            _ => self.or_unknown(plain),
        }
    }

    /// The other flow, unless the order is unknown here already.
    fn or_unknown(self, other: Flow) -> Flow {
        match self.order {
            Order::Unknown(_) => Flow { order: self.order, ..other },
            _ => other,
        }
    }

    /// The order of all numbers as one row.
    fn flattened(self) -> Order {
        let size = |sizes: &[usize]| sizes.iter().product::<usize>().max(1);
        let (rows, columns) = match (self.axes, self.shape.as_slice()) {
            (Axes::FirstIsLast, [channels, rest @ ..]) => (*channels, size(rest)),
            (Axes::LastIsFirst, [rest @ .., features]) => (size(rest), *features),
            _ => return self.order,
        };
        let transposed = |index: usize| index % columns * rows + index / columns;
        Order::Permuted((0..rows * columns).map(transposed).collect())
    }

    /// Whether its numbers are in the same order as in the other library.
    fn is_same(&self) -> bool {
        self.axes == Axes::Same && self.order == Order::Same
    }

    /// The other flow, unless the order of this one differs from that of the other library.
    fn unless_moved(self, other: Flow, reason: String) -> Flow {
        match self.is_same() {
            true => other,
            false => Flow { order: Order::Unknown(reason), ..other },
        }
    }

    fn reshaped(self, layer: &Layer, conversion: Conversion) -> Flow {
        let is_image = layer.shape.len() == 3 && conversion.image() != Axes::Same;
        let reason = format!("`{}` counts them in another order there", layer.text);
        match is_image {
            true => Flow { order: Order::Unknown(reason), ..Flow::plain(layer.shape) },
            false => self.unless_moved(Flow::plain(layer.shape), reason),
        }
    }
}

impl Conversion {
    /// The axes of an image, which has its channels last in Keras.
    fn image(self) -> Axes {
        match self.library {
            Library::Keras if self.channels_last => Axes::FirstIsLast,
            _ => Axes::Same,
        }
    }

    /// The axes of a sequence behind a convolution, which has its features first in PyTorch.
    fn convolved(self) -> Axes {
        match self.library {
            Library::Keras => Axes::Same,
            Library::PyTorch => Axes::LastIsFirst,
        }
    }
}

type Nodes = HashMap<&'static str, Flow>;

/// What flows into the branch of a node.
fn source(graph: &'static Graph, node: &Node, conversion: Conversion, nodes: &Nodes) -> Flow {
    let plain = Flow::plain(node.input_shape);
    if let Some(input) = graph.inputs.iter().find(|input| input.name == node.name) {
        let is_image = input.kind == Content::Pictures;
        let axes =
            if is_image && node.input_shape.len() == 3 { conversion.image() } else { Axes::Same };
        return Flow { axes, ..plain };
    }
    if graph.derived.iter().any(|derived| derived.name == node.name) {
        return plain;
    }
    Flow { shape: node.input_shape.to_vec(), ..operand(node.source, nodes) }
}

/// An operand of a merge: a node, `present(node)`, or a merge.
fn operand(text: &str, nodes: &Nodes) -> Flow {
    let unknown = |reason: String| Flow { order: Order::Unknown(reason), ..Flow::plain(&[]) };
    let Some((called, rest)) = text.split_once('(') else {
        let flow = nodes.get(text.trim()).cloned();
        return flow.unwrap_or_else(|| unknown(format!("`{text}` is no node")));
    };
    let operands = at_commas(rest.strip_suffix(')').unwrap_or(rest));
    let is_operand = |text: &&&str| text.contains('(') || !text.contains(" = ");
    let flows: Vec<Flow> =
        operands.iter().filter(is_operand).map(|text| operand(text, nodes)).collect();
    match (called.trim(), flows.as_slice()) {
        ("present", _) => Flow::plain(&[1]),
        ("from", [flow]) => flow.clone(),
        ("concat", flows) => concatenated(flows),
        (_, [first, ..])
            if flows.iter().all(|flow| flow.axes == first.axes && flow.order == first.order) =>
        {
            first.clone()
        }
        (called, _) => unknown(format!(
            "`{called}` merges values of which some are flattened images or sequences"
        )),
    }
}

/// The concatenation of values: of vectors in their order, of images along an axis.
fn concatenated(flows: &[Flow]) -> Flow {
    let axes = flows.first().map_or(Axes::Same, |flow| flow.axes);
    let width = |flow: &Flow| flow.shape.iter().product::<usize>();
    let total: usize = flows.iter().map(width).sum();
    let plain = Flow { axes, ..Flow::plain(&[total]) };
    if let Some(unknown) = flows.iter().find(|flow| matches!(flow.order, Order::Unknown(_))) {
        return Flow { order: unknown.order.clone(), ..plain };
    }
    if flows.iter().all(|flow| flow.order == Order::Same) {
        return plain;
    }
    let mut all = Vec::with_capacity(total);
    for flow in flows {
        let start = all.len();
        match &flow.order {
            Order::Permuted(order) => all.extend(order.iter().map(|index| start + index)),
            _ => all.extend(start..start + width(flow)),
        }
    }
    Flow { order: Order::Permuted(all.into()), ..plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(axes: Axes, shape: &[usize]) -> Flow {
        Flow { axes, ..Flow::plain(shape) }
    }

    #[test]
    fn an_image_is_flattened_in_another_order() {
        // Of two channels of three pixels: pixel by pixel in Keras.
        let order = flow(Axes::FirstIsLast, &[2, 1, 3]).flattened();
        assert_eq!(order, Order::Permuted([0, 2, 4, 1, 3, 5].into()));
        // Of three steps of two features: feature by feature in PyTorch.
        let order = flow(Axes::LastIsFirst, &[3, 2]).flattened();
        assert_eq!(order, Order::Permuted([0, 3, 1, 4, 2, 5].into()));
        assert_eq!(flow(Axes::Same, &[2, 3]).flattened(), Order::Same);
    }

    #[test]
    fn a_concatenation_has_the_orders_of_its_operands() {
        let image = Flow { order: Order::Permuted([1, 0].into()), ..flow(Axes::Same, &[2]) };
        let all = concatenated(&[flow(Axes::Same, &[2]), image, flow(Axes::Same, &[1])]);
        assert_eq!(all.order, Order::Permuted([0, 1, 3, 2, 4].into()));
    }
}
