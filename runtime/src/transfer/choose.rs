//! Chooses the branches to take from another model.

use multi_input_kernel::Element;
use multi_input_nn::parameters::ParameterInfo;

use super::{
    branch::{differs, has_anything, without_anything, Branch},
    Left,
};
use crate::{
    checkpoint::{Signature, Weights},
    definition::{Graph, Node},
};

/// The nodes to take.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub enum Which<'a> {
    /// These; it is an error if one of them does not fit.
    Named(&'a [&'static str]),
    /// All that fit.
    Matching,
}

impl Which<'_> {
    fn names(&self, node: &Node) -> bool {
        matches!(self, Which::Named(names) if names.contains(&node.name))
    }
}

/// The branches to take, and the other nodes with the reasons.
#[derive(Default)]
pub(super) struct Choice {
    pub(super) branches: Vec<Branch>,
    pub(super) left: Vec<Left>,
    mistakes: Vec<String>,
}

/// The two models that are compared.
pub(super) struct Models<'a> {
    pub(super) graph: &'static Graph,
    /// The tensors of the model.
    pub(super) tensors: &'a [ParameterInfo],
    pub(super) base: &'a Weights,
}

impl Choice {
    /// # Errors
    /// Every mismatch of the named nodes, and of all nodes if none fits.
    pub(super) fn of<E: Element>(
        models: &Models<'_>,
        which: Which<'_>,
    ) -> std::result::Result<Choice, Vec<String>> {
        let Models { graph, base, .. } = models;
        let mut choice = Choice::default();
        if let Which::Named(names) = which {
            choice.mistakes.extend(names.iter().filter_map(|name| without_anything(graph, name)));
        }
        for owner in graph.nodes.iter().filter(|node| node.shared.is_none()) {
            let sharers = graph.sharers(owner);
            let named = sharers.iter().any(|node| which.names(node));
            match which {
                _ if !has_anything(graph, owner) => {}
                Which::Named(_) if !named => {
                    let reason = "it is not named";
                    choice.left.extend(sharers.iter().map(|node| Left::new(node.name, reason)));
                }
                Which::Matching if !fits_alone(graph, owner) => {}
                _ => choice.add::<E>(models, which, &sharers),
            }
        }
        if choice.branches.is_empty() && choice.mistakes.is_empty() {
            choice.mistakes = match which {
                Which::Named(_) => vec!["no node is named".to_owned()],
                Which::Matching => choice.left.iter().map(Left::to_string).collect(),
            };
        }
        let others = base.signature().nodes().filter(|name| graph.node(name).is_none());
        let reason = format!("`{}` has no such node", graph.name);
        choice.left.extend(others.map(|name| Left::new(name, &reason)));
        match choice.mistakes.is_empty() {
            true => Ok(choice),
            false => Err(choice.mistakes),
        }
    }

    /// Adds the branch of some nodes, of which the first is its owner, if it fits.
    fn add<E: Element>(
        &mut self,
        models: &Models<'_>,
        which: Which<'_>,
        sharers: &[&'static Node],
    ) {
        let Models { graph, tensors, base } = models;
        let own = Signature::of(graph);
        let (mut nodes, mut required, mut left) = (Vec::new(), Vec::new(), Vec::new());
        for (index, node) in sharers.iter().enumerate() {
            match differs(graph, &own, base, node) {
                None => nodes.push(*node),
                // A branch is nothing without its owner.
                Some(reason) if index == 0 || which.names(node) => {
                    required.push(Left::new(node.name, &reason));
                }
                Some(reason) => left.push(Left::new(node.name, &reason)),
            }
        }
        let branch = Branch::of(graph, nodes);
        if let (true, [owner, ..]) = (required.is_empty(), sharers) {
            let reason = branch.tensors_differ::<E>(graph, tensors, base);
            required.extend(reason.map(|reason| Left::new(owner.name, &reason)));
        }
        match (&required[..], which) {
            ([], _) => {
                self.branches.push(branch);
                self.left.extend(left);
            }
            (_, Which::Named(_)) => {
                self.mistakes.extend(required.iter().map(Left::to_string));
            }
            ([first, ..], Which::Matching) => {
                let all = sharers.iter().map(|node| Left::new(node.name, &first.reason));
                self.left.extend(all);
            }
        }
    }
}

/// Whether a node is of use without others: the scale of a target alone fits no other weights.
fn fits_alone(graph: &Graph, node: &Node) -> bool {
    node.has_weights()
        || graph.inputs.iter().any(|input| input.name == node.name)
        || graph.derived.iter().any(|derived| derived.name == node.name)
}
