//! What the branch of a node reads and gives without other weights between.

use std::collections::BTreeSet;

use super::{Graph, Node};

/// The nodes without weights and the inputs from which a branch is computed. Their preprocessing
/// and the weights of the branch belong together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reads {
    pub(crate) nodes: BTreeSet<&'static str>,
    pub(crate) inputs: BTreeSet<&'static str>,
}

impl Graph {
    /// The node of this name.
    pub(crate) fn node(&self, name: &str) -> Option<&'static Node> {
        self.nodes.iter().find(|node| node.name == name)
    }

    /// The nodes that use the branch of `node`: first its owner.
    pub(crate) fn sharers(&self, node: &Node) -> Vec<&'static Node> {
        let owner = node.shared.unwrap_or(node.name);
        let shares = |other: &&Node| other.shared == Some(owner);
        self.node(owner).into_iter().chain(self.nodes.iter().filter(shares)).collect()
    }

    /// What the branch of `node` reads: the way back to inputs ends at nodes with weights.
    pub(crate) fn reads(&self, node: &Node) -> Reads {
        let mut reads = Reads::default();
        self.add_reads(node, &mut reads);
        reads
    }

    fn add_reads(&self, node: &Node, reads: &mut Reads) {
        if let Some(input) = self.inputs.iter().find(|input| input.name == node.name) {
            reads.inputs.insert(input.name);
        }
        if let Some(derived) = self.derived.iter().find(|derived| derived.name == node.name) {
            // Most derivations take raw values, to which the steps of their inputs do not matter.
            let encoded = Some(derived).filter(|derived| derived.derivation.takes_encoded());
            let inputs = encoded.into_iter().flat_map(|derived| derived.inputs);
            let inputs = inputs.filter_map(|&input| self.inputs.get(input));
            reads.inputs.extend(inputs.map(|input| input.name));
            return;
        }
        for fed_by in node.fed_by.iter().filter_map(|name| self.node(name)) {
            if !fed_by.has_weights() && reads.nodes.insert(fed_by.name) {
                self.add_reads(fed_by, reads);
            }
        }
    }

    /// The outputs whose head is the output of `node`, without other weights between.
    pub(crate) fn heads_of(&self, node: &Node) -> Vec<&'static str> {
        let is_head = |name: &&'static str| {
            *name == node.name
                || self.node(name).is_some_and(|output| {
                    !output.has_weights() && self.reads_through(output, node.name)
                })
        };
        self.outputs.iter().map(|output| output.name).filter(is_head).collect()
    }

    fn reads_through(&self, node: &Node, name: &str) -> bool {
        node.fed_by.iter().any(|fed_by| {
            let between = self.node(fed_by).filter(|fed_by| !fed_by.has_weights());
            *fed_by == name || between.is_some_and(|fed_by| self.reads_through(fed_by, name))
        })
    }
}

impl Node {
    /// Whether the node has weights, own or shared ones, or a vector that stands in for it.
    pub(crate) fn has_weights(&self) -> bool {
        let learns = |layer: &super::Layer| layer.parameters != Some(0);
        self.shared.is_some() || self.stand_in > 0 || self.layers.iter().any(learns)
    }
}
