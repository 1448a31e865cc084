//! Which nodes have no value where an optional input is absent.

use super::Node;
use crate::parse::{Missing, Source};

/// The optional input that a node depends on alone.
///
/// It passes from an input to every node that only this input reaches: what such a node computes
/// from an absent row would be its biases, so the node's output is replaced instead, and no
/// parameter on the way gets a gradient from that row. A merge with anything else ends it.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Absence {
    /// The input.
    pub(crate) input: usize,
    /// What its field says stands in.
    pub(crate) policy: Missing,
    /// Whether this node's output is replaced: some node takes it that is itself never absent.
    pub(crate) filled: bool,
}

/// Follows absence along the edges, in the order of computation.
pub(super) fn follow(nodes: &mut [Node], order: &[usize]) {
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
