//! Takes nodes from another model.

use std::collections::BTreeSet;

use multi_input_base::{Error, Result};
use multi_input_data::preprocess::FittedFields;
use multi_input_kernel::{Backend, Element};
use multi_input_nn::parameters::ParameterInfo;

use super::{Left, Taken, TakenNode};
use crate::{
    checkpoint::{Signature, Weights},
    definition::{Graph, Node},
    untyped::{node_of_tensor, parameters, tables, LookUp, UntypedModel},
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

/// The nodes that use one branch, with all that belongs to its weights.
struct Branch {
    /// The owner of the branch, and the nodes that share it and are taken with it.
    nodes: Vec<&'static Node>,
    /// Nodes without weights between the branch and inputs.
    between: BTreeSet<&'static str>,
    inputs: BTreeSet<&'static str>,
    /// Outputs whose target the branch predicts.
    targets: BTreeSet<&'static str>,
}

impl<E: Element, D: Backend<E>> UntypedModel<E, D> {
    /// Takes weights, fitted preprocessing and coverage of nodes. Everything is compared before
    /// anything changes.
    ///
    /// # Errors
    /// [`Error::Transfer`] with every mismatch.
    pub(crate) fn take(&mut self, base: &Weights, which: Which<'_>) -> Result<Taken> {
        let graph = self.graph();
        let refused = |mistakes| Error::Transfer {
            model: graph.name,
            base: base.name().to_owned(),
            mistakes,
        };
        let own = Signature::of(graph);
        let tensors = parameters::list(&self.module);
        let (mut mistakes, mut left, mut branches) = (Vec::new(), Vec::new(), Vec::new());
        if let Which::Named(names) = which {
            mistakes.extend(names.iter().filter_map(|name| without_anything(graph, name)));
        }
        for owner in graph.nodes.iter().filter(|node| node.shared.is_none()) {
            let sharers = graph.sharers(owner);
            let wanted = |node: &&Node| match which {
                Which::Named(names) => names.contains(&node.name),
                Which::Matching => false,
            };
            // The scale of a target alone fits no other weights.
            let fits_alone =
                owner.has_weights() || graph.inputs.iter().any(|i| i.name == owner.name);
            let named = matches!(which, Which::Named(_));
            if !has_anything(graph, owner) || !named && !fits_alone {
                continue;
            }
            if named && !sharers.iter().any(|node| wanted(&node)) {
                let not_named = |node: &&Node| Left::new(node.name, "it is not named".to_owned());
                left.extend(sharers.iter().map(not_named));
                continue;
            }
            let fits = |node: &&'static Node| match differs(graph, &own, base, node) {
                Some(reason) => Err(Left::new(node.name, reason)),
                None => Ok(*node),
            };
            let (mut nodes, mut different) = (Vec::new(), Vec::new());
            for node in &sharers {
                match fits(node) {
                    Ok(node) => nodes.push(node),
                    Err(left) => different.push((wanted(&node) || node.name == owner.name, left)),
                }
            }
            let branch = Branch::of(graph, nodes);
            if different.iter().all(|(required, _)| !required) {
                let reason = branch.tensors_differ::<E>(graph, &tensors, base);
                different.extend(reason.map(|reason| (true, Left::new(owner.name, reason))));
            }
            let required = different.iter().any(|(required, _)| *required);
            match (required, which) {
                (true, Which::Named(_)) => {
                    let required = different.into_iter().filter(|(required, _)| *required);
                    mistakes.extend(required.map(|(_, left)| left.to_string()));
                }
                (true, Which::Matching) => {
                    let reason = different.first().map_or(String::new(), |(_, l)| l.reason.clone());
                    left.extend(sharers.iter().map(|node| Left::new(node.name, reason.clone())));
                }
                (false, _) => {
                    left.extend(different.into_iter().map(|(_, left)| left));
                    branches.push(branch);
                }
            }
        }
        if branches.is_empty() && mistakes.is_empty() {
            mistakes = match which {
                Which::Named(_) => vec!["no node is named".to_owned()],
                Which::Matching => left.iter().map(Left::to_string).collect(),
            };
        }
        if !mistakes.is_empty() {
            return Err(refused(mistakes));
        }
        let wanted = |field: &str| branches.iter().any(|branch| branch.has_field(field));
        let fields = base.fitted(graph, wanted).map_err(|reason| refused(vec![reason]))?;
        let taken =
            branches.iter().flat_map(|branch| branch.report(graph, &tensors, base, &fields));
        let taken = taken.collect();
        let others = base.signature().nodes().filter(|name| graph.node(name).is_none());
        let missing = |name: &str| Left::new(name, format!("`{}` has no such node", graph.name));
        left.extend(others.map(missing));

        let is_taken = |node: &str| branches.iter().any(|branch| branch.has_node(node));
        let look_ups = LookUp::all(graph);
        let own_tables = tables(&look_ups, tensors.iter().map(|tensor| tensor.name.as_str()));
        self.take_tensors(&|names| base.tensors(names, &own_tables), &|node| {
            is_taken(node).then_some(node)
        })
        .map_err(refused)?;
        self.take_coverage(&branches, &look_ups, base);
        self.take_fields(fields);
        self.initial = false;
        Ok(Taken { from: base.name().to_owned(), taken, left })
    }

    /// The coverage of what is taken, unless that of the model is unknown.
    fn take_coverage(&mut self, branches: &[Branch], look_ups: &[LookUp], base: &Weights) {
        let Some(coverage) = &mut self.coverage else { return };
        for branch in branches {
            for look_up in look_ups.iter().filter(|look_up| branch.has_node(look_up.owner)) {
                coverage.take_table(look_up.owner, look_up.rows, base.coverage());
            }
            branch.inputs.iter().for_each(|input| coverage.take_absence(input, base.coverage()));
        }
    }

    /// Replaces the preprocessing of fields. Inputs that share a replaced vocabulary without having
    /// been taken are not fitted any more.
    fn take_fields(&mut self, fields: FittedFields) {
        if fields.is_empty() {
            return;
        }
        let graph = self.graph();
        let names: Vec<&str> = fields.names().collect();
        let mut all = self.fitted_fields().without(graph, &names);
        all.extend(fields);
        self.preprocessing = all.complete(graph);
        self.taken = if self.preprocessing.is_some() { FittedFields::default() } else { all };
    }
}

impl Branch {
    fn of(graph: &'static Graph, nodes: Vec<&'static Node>) -> Branch {
        let (mut between, mut inputs) = (BTreeSet::new(), BTreeSet::new());
        let mut targets = BTreeSet::new();
        for node in &nodes {
            let reads = graph.reads(node);
            between.extend(reads.nodes);
            inputs.extend(reads.inputs);
            targets.extend(graph.heads_of(node));
        }
        inputs.extend(vocabularies_of(graph, &inputs));
        Branch { nodes, between, inputs, targets }
    }

    fn has_node(&self, name: &str) -> bool {
        self.nodes.iter().any(|node| node.name == name)
    }

    fn has_field(&self, name: &str) -> bool {
        self.inputs.contains(name) || self.targets.contains(name)
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
    fn tensors_differ<E: Element>(
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
    fn report(
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
            let of_node =
                |field: &&&'static str| reads.inputs.contains(**field) || heads.contains(*field);
            let of_branch = self.inputs.iter().chain(&self.targets);
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
fn has_anything(graph: &Graph, node: &Node) -> bool {
    node.has_weights() || graph.learns(node.name)
}

/// The mistake of naming a node that has nothing to take.
fn without_anything(graph: &Graph, name: &str) -> Option<String> {
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
fn differs(
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
        match found {
            Some(found) if found == own => None,
            Some(found) => Some(format!(
                "{subject}`{}` has {own}, and {} has {found}",
                graph.name,
                base.name()
            )),
            None => Some(format!("{subject}{} has no such {what}", base.name())),
        }
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
