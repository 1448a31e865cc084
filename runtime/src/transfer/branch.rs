//! A branch of nodes with all that belongs to its weights, compared with that of another model.

use std::collections::BTreeSet;

use multi_input_data::preprocess::FittedFields;
use multi_input_kernel::Element;
use multi_input_nn::parameters::ParameterInfo;

use super::TakenNode;
use crate::{
    checkpoint::{Signature, Weights},
    definition::{Graph, Node},
    untyped::node_of_tensor,
};

/// The nodes that use one branch, with all that belongs to its weights.
pub(super) struct Branch {
    /// The owner of the branch, and the nodes that share it and are taken with it.
    pub(super) nodes: Vec<&'static Node>,
    /// Nodes without weights between the branch and inputs.
    between: BTreeSet<&'static str>,
    pub(super) inputs: BTreeSet<&'static str>,
    /// Nodes derived from inputs, which may have steps.
    derived: BTreeSet<&'static str>,
    /// Outputs whose target the branch predicts.
    targets: BTreeSet<&'static str>,
}

impl Branch {
    pub(super) fn of(graph: &'static Graph, nodes: Vec<&'static Node>) -> Branch {
        let (mut between, mut inputs) = (BTreeSet::new(), BTreeSet::new());
        let mut targets = BTreeSet::new();
        for node in &nodes {
            let reads = graph.reads(node);
            between.extend(reads.nodes);
            inputs.extend(reads.inputs);
            targets.extend(graph.heads_of(node));
        }
        inputs.extend(vocabularies_of(graph, &inputs));
        let own = nodes.iter().map(|node| node.name);
        let all: BTreeSet<&str> = own.chain(between.iter().copied()).collect();
        let derived = graph.derived.iter().map(|node| node.name);
        let derived = derived.filter(|name| all.contains(name)).collect();
        Branch { nodes, between, inputs, derived, targets }
    }

    pub(super) fn has_node(&self, name: &str) -> bool {
        self.nodes.iter().any(|node| node.name == name)
    }

    pub(super) fn has_field(&self, name: &str) -> bool {
        [&self.inputs, &self.derived, &self.targets].iter().any(|fields| fields.contains(name))
    }

    /// The model's tensors of a node of the branch.
    fn tensors<'a>(
        &'a self,
        graph: &'a Graph,
        tensors: &'a [ParameterInfo],
    ) -> impl Iterator<Item = (&'static str, &'a ParameterInfo)> {
        tensors.iter().filter_map(|tensor| {
            let node = graph.nodes[node_of_tensor(graph, &tensor.name)?].name;
            self.has_node(node).then_some((node, tensor))
        })
    }

    /// The first tensor that the base lacks, has in another shape, or with numbers that `E` cannot
    /// hold.
    pub(super) fn tensors_differ<E: Element>(
        &self,
        graph: &Graph,
        tensors: &[ParameterInfo],
        base: &Weights,
    ) -> Option<String> {
        self.tensors(graph, tensors).find_map(|(_, tensor)| {
            let ParameterInfo { name, shape, .. } = tensor;
            let Some((found, _)) = base.tensor(name) else {
                return Some(format!("tensor `{name}` is missing in {}", base.name()));
            };
            if found != shape {
                return Some(format!(
                    "tensor `{name}` has the shape {shape:?}, and {found:?} in {}",
                    base.name()
                ));
            }
            let number = base.not_held::<E>(name)?;
            Some(format!(
                "tensor `{name}` of {} holds {number}, which is no `{}`",
                base.name(),
                std::any::type_name::<E>()
            ))
        })
    }

    /// What is taken, by node.
    pub(super) fn report(
        &self,
        graph: &Graph,
        tensors: &[ParameterInfo],
        base: &Weights,
        fields: &FittedFields,
    ) -> Vec<TakenNode> {
        let node = |node: &&'static Node| {
            let own = || self.tensors(graph, tensors).filter(|(owner, _)| *owner == node.name);
            let dtype = own().next().and_then(|(_, tensor)| base.tensor(&tensor.name));
            let reads = graph.reads(node);
            let heads = graph.heads_of(node);
            let of_node = |field: &&&'static str| {
                let read = reads.inputs.contains(**field) || reads.nodes.contains(**field);
                read || **field == node.name || heads.contains(*field)
            };
            let of_branch = self.inputs.iter().chain(&self.derived).chain(&self.targets);
            let (fitted, unfitted): (Vec<&str>, Vec<&str>) = of_branch
                .filter(of_node)
                .filter(|field| graph.learns(field))
                .partition(|field| fields.contains(field));
            TakenNode {
                node: node.name.to_owned(),
                shares: node.shared.map(str::to_owned),
                tensors: own().count(),
                parameters: own().map(|(_, tensor)| tensor.elements()).sum(),
                dtype: dtype.map(|(_, dtype)| dtype.to_lowercase()).unwrap_or_default(),
                fitted: fitted.into_iter().map(str::to_owned).collect(),
                unfitted: unfitted.into_iter().map(str::to_owned).collect(),
            }
        };
        self.nodes.iter().map(node).collect()
    }
}

/// The inputs that learn the vocabularies which these inputs share.
fn vocabularies_of(graph: &Graph, inputs: &BTreeSet<&str>) -> Vec<&'static str> {
    let own = graph.inputs.iter().filter(|input| inputs.contains(input.name));
    let owners = own.flat_map(|input| input.steps).filter_map(|step| step.vocabulary_of);
    owners.filter_map(|owner| graph.inputs.get(owner)).map(|input| input.name).collect()
}

/// Whether a node has weights, or is an input or an output whose preprocessing learns.
pub(super) fn has_anything(graph: &Graph, node: &Node) -> bool {
    node.has_weights() || graph.learns(node.name) || graph.learns_weight_of(node.name)
}

/// The mistake of naming a node that has nothing to take.
pub(super) fn without_anything(graph: &Graph, name: &str) -> Option<String> {
    match graph.node(name) {
        None => Some(format!("there is no node `{name}`")),
        Some(node) if !has_anything(graph, node) => {
            Some(format!("`{name}` has neither weights nor preprocessing: name the nodes it is of"))
        }
        Some(_) => None,
    }
}

/// The first difference in a node, or in what its weights depend on: the nodes without weights
/// between it and inputs, these inputs, and the target that it predicts.
pub(super) fn differs(
    graph: &'static Graph,
    own: &Signature,
    base: &Weights,
    node: &'static Node,
) -> Option<String> {
    let Branch { between, inputs, targets, .. } = Branch::of(graph, vec![node]);
    let difference = |what: &str, name: &str| {
        let (own, found) = (own.part(what, name)?, base.signature().part(what, name));
        let subject = match name == node.name && what == "node" {
            true => String::new(),
            false => format!("{what} `{name}`, which belongs to it: "),
        };
        let Some(found) = found else {
            return Some(format!("{subject}{} has no such {what}", base.name()));
        };
        let (own, found) = own.compared(found);
        (own != found).then(|| {
            format!("{subject}`{}` has {own}, and {} has {found}", graph.name, base.name())
        })
    };
    // A node that is an output here alone predicts what the model's own rows say.
    let of_base = |target: &&&'static str| base.signature().part("output", target).is_some();
    difference("node", node.name)
        .or_else(|| between.iter().find_map(|name| difference("node", name)))
        .or_else(|| {
            between.iter().chain([&node.name]).find_map(|name| difference("derived node", name))
        })
        .or_else(|| inputs.iter().find_map(|name| difference("input", name)))
        .or_else(|| targets.iter().filter(of_base).find_map(|name| difference("output", name)))
}
