//! Absence: the nodes without a value in rows that lack an optional input.

use super::Node;
use crate::parse::{Missing, Source, Whole};

/// The optional input that is the only input of a node.
///
/// It propagates from an input to every node that only this input reaches. In a row without the
/// input such a node would output its biases; its output is replaced instead, and no parameter on
/// the path gets a gradient from that row. A merge with another input ends the propagation.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Absence {
    /// The input.
    pub(crate) input: usize,
    /// The replacement policy of its field.
    pub(crate) policy: Missing,
    /// Whether this node's output is replaced: it has a consumer that is never absent.
    pub(crate) filled: bool,
}

/// Marks as replaced exactly the nodes that the model of a part replaces.
pub(super) fn fill_as(whole: &Whole, nodes: &mut [Node]) {
    for node in nodes {
        let filled = whole.filled.contains(node.name());
        node.absence.iter_mut().for_each(|absence| absence.filled = filled);
    }
}

/// Propagates absence along the edges, in topological order.
pub(super) fn propagate(nodes: &mut [Node], order: &[usize]) {
    for &node in order {
        nodes[node].absence = of(nodes, node);
    }
    for node in 0..nodes.len() {
        let filled = nodes[node].field.output.is_some()
            || nodes.iter().any(|other| {
                other.absence.is_none()
                    && other.feeds.iter().any(|edge| edge.node == node && !edge.present)
            });
        if let Some(absence) = &mut nodes[node].absence {
            absence.filled = filled && absence.policy != Missing::Mean;
        }
    }
}

fn of(nodes: &[Node], node: usize) -> Option<Absence> {
    let field = &nodes[node].field;
    if let Some(Source::Input(input)) = &field.source {
        let optional = field.ty.as_ref().is_some_and(|ty| ty.optional);
        let policy = input.missing.map(|(policy, _)| policy).filter(|_| optional)?;
        return Some(Absence { input: node, policy, filled: false });
    }
    let mut feeds = nodes[node].feeds.iter();
    let first = feeds.next().filter(|edge| !edge.present)?;
    let absence = nodes[first.node].absence?;
    let same = |edge: &super::Edge| {
        !edge.present && nodes[edge.node].absence.is_some_and(|other| other.input == absence.input)
    };
    feeds.all(same).then_some(absence)
}
