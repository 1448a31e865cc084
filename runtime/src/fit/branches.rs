//! The branch of every trained tensor, and the learning rate of every branch.

use crate::{definition::Graph, untyped::node_of_tensor};

/// The learning rate factors of all branches, relative to the optimizer's rate, and which branches
/// are frozen.
#[derive(Clone, Debug)]
pub(super) struct Branches {
    /// One entry per node of the graph.
    branches: Vec<Branch>,
    /// For each trained tensor, the index of its branch in `branches`; `None` for a tensor of no
    /// branch.
    of_tensor: Vec<Option<usize>>,
}

#[derive(Clone, Debug)]
struct Branch {
    name: &'static str,
    factor: f64,
    frozen: bool,
}

impl Branches {
    /// The branches of a model whose trained tensors have the names `tensors`.
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
        let index_of = |name: &str| {
            let owner = owner_of(graph, name)?;
            graph.nodes.iter().position(|node| node.name == owner)
        };
        for (node, factor) in factors {
            index_of(node).into_iter().for_each(|index_of| branches[index_of].factor = *factor);
        }
        for node in frozen {
            index_of(node).into_iter().for_each(|index_of| branches[index_of].frozen = true);
        }
        let of_tensor = tensors.map(|name| node_of_tensor(graph, name)).collect();
        Branches { branches, of_tensor }
    }

    /// Freezes or unfreezes the branch that `node` uses.
    pub(super) fn freeze(&mut self, graph: &Graph, node: &str, frozen: bool) {
        let owner = owner_of(graph, node);
        let named = self.branches.iter_mut().filter(|branch| Some(branch.name) == owner);
        named.for_each(|branch| branch.frozen = frozen);
    }

    /// Freezes exactly the named branches.
    pub(super) fn freeze_only(&mut self, names: &[String]) {
        for branch in &mut self.branches {
            branch.frozen = names.iter().any(|name| name == branch.name);
        }
    }

    /// Whether the branch of `node` is frozen at present.
    pub(super) fn is_frozen(&self, node: &str) -> bool {
        self.branches.iter().any(|branch| branch.name == node && branch.frozen)
    }

    /// Whether steps change the branch of `node`: it is not frozen and its factor is above 0.
    pub(super) fn learns(&self, node: &str) -> bool {
        let own = |branch: &&Branch| branch.name == node;
        self.branches.iter().find(own).is_some_and(|own| !own.frozen && own.factor > 0.0)
    }

    /// The names of the branches frozen at present.
    pub(super) fn frozen(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.branches.iter().filter(|branch| branch.frozen).map(|branch| branch.name)
    }

    /// The learning rate factor of a tensor; `None` if its branch is frozen.
    pub(super) fn factor(&self, tensor: usize) -> Option<f64> {
        let Some(Some(index_of)) = self.of_tensor.get(tensor) else { return Some(1.0) };
        let branch = &self.branches[*index_of];
        (!branch.frozen).then_some(branch.factor)
    }

    /// The name of the node that owns a tensor; `None` for a tensor of no branch.
    pub(super) fn node_of(&self, tensor: usize) -> Option<&'static str> {
        let index = self.of_tensor.get(tensor).copied().flatten()?;
        Some(self.branches[index].name)
    }

    /// Whether every tensor takes the optimizer's own learning rate.
    pub(super) fn all_alike(&self) -> bool {
        self.branches.iter().all(|branch| !branch.frozen && branch.factor == 1.0)
    }
}

/// The node that owns the branch `node` uses: `node` itself, or the node it shares a branch with.
fn owner_of(graph: &Graph, node: &str) -> Option<&'static str> {
    let found = graph.nodes.iter().find(|found| found.name == node)?;
    Some(found.shared.unwrap_or(found.name))
}
