//! Which tensors belong to which branch, and how fast each of them learns.

use crate::definition::Graph;

/// The learning rate of every branch, relative to the optimizer's; 0 keeps it as it is.
#[derive(Clone, Debug)]
pub(super) struct Branches {
    /// The branches, each with its factor and whether it is frozen for now.
    branches: Vec<Branch>,
    /// For each trained tensor its branch's place; `None` where it belongs to none.
    of_tensor: Vec<Option<usize>>,
}

#[derive(Clone, Debug)]
struct Branch {
    name: &'static str,
    factor: f64,
    frozen: bool,
}

impl Branches {
    /// The branches of a model whose trained tensors have the given names.
    pub(super) fn new<'a>(
        graph: &Graph,
        tensors: impl Iterator<Item = &'a str>,
        factors: &[(&'static str, f64)],
        frozen: &[&'static str],
    ) -> Branches {
        let mut branches: Vec<Branch> = graph
            .nodes
            .iter()
            .map(|node| Branch { name: node.name, factor: 1.0, frozen: false })
            .collect();
        let place = |name: &str| {
            let owner = owner_of(graph, name)?;
            graph.nodes.iter().position(|node| node.name == owner)
        };
        for (node, factor) in factors {
            place(node).into_iter().for_each(|place| branches[place].factor = *factor);
        }
        for node in frozen {
            place(node).into_iter().for_each(|place| branches[place].frozen = true);
        }
        let of_tensor = tensors.map(|name| branch_of_tensor(graph, name)).collect();
        Branches { branches, of_tensor }
    }

    /// Freezes the branch that a node uses, or no longer.
    pub(super) fn freeze(&mut self, graph: &Graph, node: &str, frozen: bool) {
        let owner = owner_of(graph, node);
        let named = self.branches.iter_mut().filter(|branch| Some(branch.name) == owner);
        named.for_each(|branch| branch.frozen = frozen);
    }

    /// Freezes the branches of these names and no others.
    pub(super) fn freeze_only(&mut self, names: &[String]) {
        for branch in &mut self.branches {
            branch.frozen = names.iter().any(|name| name == branch.name);
        }
    }

    /// Whether the branch written at a node is frozen for now.
    pub(super) fn is_frozen(&self, node: &str) -> bool {
        self.branches.iter().any(|branch| branch.name == node && branch.frozen)
    }

    /// Whether steps change the branch written at a node: it is not frozen, nor its rate 0.
    pub(super) fn learns(&self, node: &str) -> bool {
        let own = |branch: &&Branch| branch.name == node;
        self.branches.iter().find(own).is_some_and(|own| !own.frozen && own.factor > 0.0)
    }

    /// The branches that are frozen for now.
    pub(super) fn frozen(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.branches.iter().filter(|branch| branch.frozen).map(|branch| branch.name)
    }

    /// What the learning rate of a tensor is multiplied by; `None` where it is frozen.
    pub(super) fn factor(&self, tensor: usize) -> Option<f64> {
        let Some(Some(place)) = self.of_tensor.get(tensor) else { return Some(1.0) };
        let branch = &self.branches[*place];
        (!branch.frozen).then_some(branch.factor)
    }

    /// Whether all tensors take the optimizer's own rate.
    pub(super) fn all_alike(&self) -> bool {
        self.branches.iter().all(|branch| !branch.frozen && branch.factor == 1.0)
    }
}

/// The node that holds the branch which `node` uses.
fn owner_of(graph: &Graph, node: &str) -> Option<&'static str> {
    let found = graph.nodes.iter().find(|found| found.name == node)?;
    Some(found.shared.unwrap_or(found.name))
}

/// `joined.0.weight` belongs to `joined`, and `serum_missing` to `serum`.
fn branch_of_tensor(graph: &Graph, tensor: &str) -> Option<usize> {
    let field = tensor.split('.').next().unwrap_or(tensor);
    let named = |name: &str| graph.nodes.iter().position(|node| node.name == name);
    named(field).or_else(|| named(field.strip_suffix("_missing")?))
}
