//! The layers of a model that have weights, as they are in another library.

use multi_input_nn::parameters::ParameterInfo;

use super::{
    features::{Features, Order},
    kind::{at_commas, Kind},
    wire::Wire,
    Conversion, Library,
};
use crate::definition::{Graph, Layer, Node};

/// A layer with weights, or one of those of which a layer consists: the two convolutions of a
/// `SeparableConv2D` in PyTorch, the attention of a `TransformerBlock`.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    /// The node and the index of the layer in its branch: `price.0`, `text.2.attention`.
    pub(super) name: String,
    pub(super) node: &'static str,
    /// The layer as the user wrote it.
    pub(super) text: &'static str,
    pub(super) kind: Kind<'static>,
    /// The real-valued arguments by name.
    pub(super) numbers: &'static [(&'static str, f64)],
    pub(super) tensors: Vec<UnitTensor>,
    /// What flows in, with the indices of units.
    pub(super) reads: Wire,
    /// Where the other library has each of the numbers that flow in.
    pub(super) inputs: Order,
    /// The size of the first axis of what flows in: the channels of an image.
    #[cfg_attr(
        not(feature = "keras"),
        allow(dead_code, reason = "only Keras's files are written")
    )]
    pub(super) channels: usize,
    /// Whether its activation may be elsewhere: a layer of its own, or in the loss of a head.
    pub(super) activation_elsewhere: bool,
}

/// A tensor of a unit.
#[derive(Clone, Debug)]
pub(super) struct UnitTensor {
    /// The name in the table of counterparts.
    pub(super) role: String,
    /// The name in the model.
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
}

/// A unit within a layer: the end of its name, its layer, and for its tensors the names in the layer
/// and in the table.
struct Within {
    ending: &'static str,
    kind: Kind<'static>,
    tensors: Tensors,
}

impl Within {
    /// Whether what flows into the layer is what its counterpart reads: a table of positions reads their
    /// numbers there.
    fn reads_what_flows_in(&self, is_first: bool) -> bool {
        is_first && self.kind.name != "PositionalEmbedding"
    }
}

/// The tensors of a unit within a layer.
enum Tensors {
    /// All that begin so.
    Below(&'static str),
    /// This one, as the weight.
    Weight(&'static str),
}

impl Unit {
    /// The units of a model in the order of the graph.
    pub(super) fn all(
        graph: &'static Graph,
        own: &[ParameterInfo],
        conversion: Conversion,
    ) -> Vec<Unit> {
        let features = Features::of(graph, conversion);
        let mut units = Vec::new();
        let mut wires: Vec<(&str, Wire)> = Vec::new();
        for node in graph.nodes {
            let mut wire = source(graph, node, &wires);
            let owned = if node.shared.is_some() { &[][..] } else { node.layers };
            for (index, layer) in owned.iter().enumerate() {
                let place = Place { graph, node, index, layer, features: &features };
                let added = place.units(own, conversion.library, &wire);
                if !added.is_empty() {
                    units.extend(added);
                    wire = Wire::Layer(units.len() - 1);
                }
            }
            if let Some(owner) = node.shared {
                wire = wires
                    .iter()
                    .find(|(name, _)| *name == owner)
                    .map_or(Wire::Unknown, |(_, wire)| wire.clone());
            }
            wires.push((node.name, wire));
        }
        units
    }

    /// The tensor of this name in the table.
    pub(super) fn tensor(&self, role: &str) -> Option<&UnitTensor> {
        self.tensors.iter().find(|tensor| tensor.role == role)
    }

    /// The layer with the shapes: `` `price.0`: Dense(1), weight [1, 48], bias [1] ``.
    pub(super) fn described(&self) -> String {
        let tensors: Vec<String> = self
            .tensors
            .iter()
            .map(|tensor| format!("{} {:?}", tensor.role, tensor.shape))
            .collect();
        format!("`{}`: {}, {}", self.name, self.text, tensors.join(", "))
    }
}

/// A layer in its branch.
struct Place<'a> {
    graph: &'static Graph,
    node: &'static Node,
    index: usize,
    layer: &'static Layer,
    features: &'a Features,
}

impl Place<'_> {
    /// The units of the layer; none without weights.
    fn units(&self, own: &[ParameterInfo], library: Library, wire: &Wire) -> Vec<Unit> {
        let prefix = format!("{}.{}.", self.node.name, self.index);
        let below = |start: &str| -> Vec<UnitTensor> {
            let start = format!("{prefix}{start}");
            let named = own.iter().filter_map(|tensor| {
                let role = tensor.name.strip_prefix(&start)?.to_owned();
                let (name, shape) = (tensor.name.clone(), tensor.shape.clone());
                Some(UnitTensor { role, name, shape })
            });
            named.collect()
        };
        let mut units: Vec<Unit> = Vec::new();
        for within in parts(Kind::of(self.layer.identity), library) {
            let tensors = match within.tensors {
                Tensors::Below(start) => below(start),
                Tensors::Weight(name) => {
                    let named = below("").into_iter().filter(|tensor| tensor.role == name);
                    named.map(|tensor| UnitTensor { role: "weight".to_owned(), ..tensor }).collect()
                }
            };
            if tensors.is_empty() {
                continue;
            }
            let is_first = units.is_empty();
            let reads = match within.reads_what_flows_in(is_first) {
                true => wire.clone(),
                false => Wire::Unknown,
            };
            units.push(Unit {
                name: format!("{}.{}{}", self.node.name, self.index, within.ending),
                node: self.node.name,
                text: self.layer.text,
                kind: within.kind,
                numbers: self.layer.numbers,
                tensors,
                reads,
                inputs: match is_first {
                    true => self.features.into(self.node.name, self.index),
                    false => Order::Same,
                },
                channels: self.shape_before().first().copied().unwrap_or(1),
                activation_elsewhere: self.activation_elsewhere(),
            });
        }
        units
    }

    fn activation_elsewhere(&self) -> bool {
        match self.node.layers.get(self.index + 1) {
            Some(next) => next.identity.starts_with(char::is_lowercase),
            None => self.graph.outputs.iter().any(|output| output.name == self.node.name),
        }
    }

    fn shape_before(&self) -> &'static [usize] {
        match self.index {
            0 => self.node.input_shape,
            index => self.node.layers[index - 1].shape,
        }
    }
}

/// The units of which a layer consists.
fn parts(kind: Kind<'static>, library: Library) -> Vec<Within> {
    let within =
        |ending, layer: &'static str, tensors| Within { ending, kind: Kind::of(layer), tensors };
    match (kind.name, library) {
        ("TimeDistributed", _) => match kind.inner() {
            Some(inner) => {
                vec![Within { ending: "", kind: inner, tensors: Tensors::Below("layer.") }]
            }
            None => vec![],
        },
        ("TransformerBlock", _) => vec![
            within(".attention", "MultiHeadAttention", Tensors::Below("attention.")),
            within(".attention_norm", "LayerNorm", Tensors::Below("attention_norm.")),
            within(".expand", "Dense", Tensors::Below("expand.")),
            within(".contract", "Dense", Tensors::Below("contract.")),
            within(".output_norm", "LayerNorm", Tensors::Below("output_norm.")),
        ],
        ("SeparableConv2D", Library::PyTorch) => vec![
            within(".depthwise", "Conv2D", Tensors::Weight("depthwise")),
            within(".pointwise", "Conv2D", Tensors::Below("pointwise.")),
        ],
        _ => vec![Within { ending: "", kind, tensors: Tensors::Below("") }],
    }
}

/// What flows into the branch of a node.
fn source(graph: &'static Graph, node: &Node, wires: &[(&str, Wire)]) -> Wire {
    if graph.inputs.iter().any(|input| input.name == node.name) {
        return Wire::Input(node.name.to_owned());
    }
    if graph.derived.iter().any(|derived| derived.name == node.name) {
        return Wire::Input(node.name.to_owned());
    }
    operand(node.source, wires)
}

/// An operand of a merge: a node, `present(node)`, or a merge.
fn operand(text: &str, wires: &[(&str, Wire)]) -> Wire {
    let Some((called, rest)) = text.split_once('(') else {
        let named = wires.iter().find(|(name, _)| *name == text.trim());
        return named.map_or(Wire::Unknown, |(_, wire)| wire.clone());
    };
    let operands = at_commas(rest.strip_suffix(')').unwrap_or(rest)).into_iter();
    let mut operands = operands.filter(|operand| !operand.contains(" = ") || operand.contains('('));
    let wire = |text| operand(text, wires);
    match called.trim() {
        "present" => Wire::Present,
        "from" => operands.next().map_or(Wire::Unknown, wire),
        "concat" => Wire::concat(operands.map(wire).collect()),
        _ => Wire::Merge(operands.map(wire).collect()),
    }
}
