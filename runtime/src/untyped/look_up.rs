//! Embedding tables and the encoded columns that index them.

use std::collections::BTreeSet;

use crate::definition::{Computes, Graph, Layer, Node};

/// An embedding table indexed by the categories of an encoded column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LookUp {
    /// The node whose branch does the look-up.
    pub(crate) node: &'static str,
    /// The node that owns the table.
    pub(crate) owner: &'static str,
    /// The index of the encoded column.
    pub(crate) column: usize,
    /// The embedding dimension.
    pub(crate) width: usize,
    /// The number of rows of the table.
    pub(crate) rows: usize,
    /// The number of leading indices that are no values of their own: padding and unknown.
    pub(crate) reserved: usize,
    /// Whether index 0 is masked, so that its row is never trained.
    masked: bool,
    /// Whether the padding of lists may be looked up like their values, because a layer drops the
    /// mask.
    pub(crate) with_padding: bool,
    /// Whether the rows of the table may be divided among ranks.
    pub(crate) sharded: bool,
}

impl LookUp {
    /// All look-ups of a model.
    pub(crate) fn all(graph: &'static Graph) -> Vec<LookUp> {
        graph.nodes.iter().filter_map(|node| LookUp::of(graph, node)).collect()
    }

    fn of(graph: &'static Graph, node: &'static Node) -> Option<LookUp> {
        let owner = node.shared.map_or(Some(node), |owner| find(graph, owner))?;
        let is_table = |layer: &&Layer| layer.is("Embedding") || layer.is("EmbeddingBag");
        let embedding = owner.layers.first().filter(is_table)?;
        let column = column_of(graph, node)?;
        let width = embedding.shape.last().copied().unwrap_or(1);
        let steps = graph.inputs.get(column).map_or(&[][..], |input| input.steps);
        let last = steps.iter().rev().find(|step| !step.spec.form.keeps_values);
        Some(LookUp {
            node: node.name,
            owner: owner.name,
            column,
            width,
            rows: embedding.parameters.unwrap_or_default() / width.max(1),
            reserved: last.map_or(0, |step| step.spec.form.reserved),
            // The mask of padded lists leaves index 0 to their values.
            masked: embedding.masked && !owner.input_masked,
            with_padding: drops_a_mask(graph),
            sharded: is_sharded(embedding),
        })
    }

    /// Whether `index` gets a gradient; masked padding does not.
    pub(crate) fn trains(&self, index: usize) -> bool {
        !(self.masked && index == 0)
    }

    /// Whether `index` is a value; padding is not.
    pub(crate) fn is_value(&self, index: usize) -> bool {
        self.reserved == 0 || index > 0
    }

    #[cfg(test)]
    pub(crate) fn for_test(
        owner: &'static str,
        [rows, width]: [usize; 2],
        reserved: usize,
    ) -> LookUp {
        let node = owner;
        let (column, masked, with_padding, sharded) = (0, false, false, false);
        LookUp { node, owner, column, width, rows, reserved, masked, with_padding, sharded }
    }
}

/// Whether the rows of the table of a layer, or of the layer in it, may be divided among ranks.
pub(super) fn is_sharded(layer: &Layer) -> bool {
    match layer.computes {
        Computes::Layer { spec, arguments, inner } => {
            spec.form.sharded.is_some_and(|sharded| sharded(arguments))
                || inner.is_some_and(is_sharded)
        }
        Computes::Activation(_) | Computes::Own => false,
    }
}

/// Whether some layer drops a mask.
fn drops_a_mask(graph: &'static Graph) -> bool {
    let mut layers = graph.nodes.iter().flat_map(|node| node.layers);
    layers.any(|layer| layer.is("DropMask"))
}

fn find(graph: &'static Graph, name: &str) -> Option<&'static Node> {
    graph.nodes.iter().find(|node| node.name == name)
}

/// The encoded column that feeds a node's branch unchanged.
fn column_of(graph: &'static Graph, node: &Node) -> Option<usize> {
    if let Some(input) = graph.inputs.iter().position(|input| input.name == node.name) {
        return Some(input);
    }
    if let Some(derived) = graph.derived.iter().position(|derived| derived.name == node.name) {
        return Some(graph.inputs.len() + derived);
    }
    match node.fed_by {
        // Of a weighted list the first operand is looked up.
        [only] => column_of(graph, find(graph, only).filter(|fed_by| fed_by.layers.is_empty())?),
        [list, _] if node.source.starts_with("weighted(") => {
            column_of(graph, find(graph, list).filter(|fed_by| fed_by.layers.is_empty())?)
        }
        _ => None,
    }
}

/// For each tensor of a model, by name, the look-up whose table it is.
pub(crate) fn tables<'a>(
    look_ups: &[LookUp],
    names: impl Iterator<Item = &'a str>,
) -> Vec<Option<LookUp>> {
    let mut known: Vec<&'static str> = Vec::new();
    let of_tensor = |name: &str| {
        let field = name.split('.').next().unwrap_or(name);
        let look_up = look_ups.iter().find(|look_up| look_up.owner == field)?;
        // The table is the first tensor of its branch.
        let is_first = !known.contains(&look_up.owner);
        known.push(look_up.owner);
        is_first.then_some(*look_up)
    };
    names.map(of_tensor).collect()
}

/// The optional input whose absence selects a node's learned vector.
pub(crate) fn optional_input_of(graph: &'static Graph, node: &Node) -> Option<usize> {
    let own = |name: &str| graph.inputs.iter().position(|input| input.name == name);
    let is_optional = |input: &usize| graph.inputs[*input].missing.is_some();
    own(node.name).filter(is_optional).or_else(|| {
        let mut fed_by = node.fed_by.iter().filter_map(|name| find(graph, name));
        fed_by.find_map(|fed_by| optional_input_of(graph, fed_by))
    })
}

/// The indices of the outputs with a loss weight above 0 that depend on a node.
pub(crate) fn outputs_of(graph: &'static Graph, node: &'static str) -> Vec<usize> {
    let is_derived = |name: &str| graph.derived.iter().any(|derived| derived.name == name);
    let mut fed = BTreeSet::from([node]);
    // Nodes are in topological order. A derived input does not pass on what it is derived from.
    for node in graph.nodes.iter().filter(|node| !is_derived(node.name)) {
        if node.fed_by.iter().any(|fed_by| fed.contains(fed_by)) {
            fed.insert(node.name);
        }
    }
    let outputs = graph.outputs.iter().enumerate();
    let counts = outputs.filter(|(_, output)| output.weight > 0.0 && fed.contains(output.name));
    counts.map(|(index, _)| index).collect()
}
