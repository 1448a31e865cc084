//! The topological order of the nodes.

use super::Node;
use crate::diagnostics::Diagnostics;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    Visiting,
    Visited,
}

/// Sorts the nodes topologically by depth-first search. Nodes on a cycle are reported, marked as
/// broken and left out.
pub(super) fn sort(nodes: &mut [Node], errors: &mut Diagnostics) -> Vec<usize> {
    let mut walk =
        Walk { marks: vec![Mark::New; nodes.len()], path: Vec::new(), order: Vec::new() };
    // Owners of shared branches come first if possible.
    let owners: Vec<usize> = nodes.iter().filter_map(|node| node.shared).collect();
    for node in owners.into_iter().chain(0..nodes.len()) {
        walk.visit(node, nodes, errors);
    }
    walk.order.retain(|&node| !nodes[node].broken || nodes[node].field.source.is_some());
    walk.order
}

struct Walk {
    marks: Vec<Mark>,
    path: Vec<usize>,
    order: Vec<usize>,
}

impl Walk {
    fn visit(&mut self, node: usize, nodes: &mut [Node], errors: &mut Diagnostics) {
        if self.marks[node] != Mark::New {
            return;
        }
        self.marks[node] = Mark::Visiting;
        self.path.push(node);
        let feeds: Vec<usize> = nodes[node].feeds.iter().map(|edge| edge.node).collect();
        for (operand, feed) in feeds.into_iter().enumerate() {
            if self.marks[feed] == Mark::Visiting {
                self.report(node, operand, feed, nodes, errors);
            }
            self.visit(feed, nodes, errors);
        }
        // Derived nodes only depend on inputs, which have no sources and are on no cycle.
        let made_of: Vec<usize> = nodes[node].made_of.iter().map(|edge| edge.node).collect();
        made_of.into_iter().for_each(|input| self.visit(input, nodes, errors));
        self.path.pop();
        self.marks[node] = Mark::Visited;
        self.order.push(node);
    }

    /// Reports the cycle from `node` through `feed` back to `node`, with every edge.
    fn report(
        &self,
        node: usize,
        operand: usize,
        feed: usize,
        nodes: &mut [Node],
        errors: &mut Diagnostics,
    ) {
        let start = self.path.iter().position(|&on_path| on_path == feed).unwrap_or(0);
        let cycle = &self.path[start..];
        let edges: Vec<String> = cycle
            .iter()
            .zip(cycle.iter().skip(1).chain([&feed]))
            .map(|(fed, by)| format!("`{}` is fed by `{}`", nodes[*fed].name(), nodes[*by].name()))
            .collect();
        let span = nodes[node].feeds[operand].name.span();
        errors.at(span, format!("this closes a cycle: {}", edges.join(", ")));
        for &on_cycle in cycle {
            nodes[on_cycle].broken = true;
        }
    }
}
