//! Notices about frozen branches whose preprocessing is fitted anew.

use std::collections::BTreeSet;

use multi_input_base::{Notice, NoticeKind};
use multi_input_data::preprocess::FittedFields;

use super::settings::Settings;
use crate::definition::{Graph, Node};

/// The notices about inputs and targets that get another scale, vocabulary or labels, although a
/// frozen branch has weights for the earlier one. `kept` are the fields that are not fitted anew.
pub(super) fn notices(
    graph: &'static Graph,
    settings: &Settings,
    kept: &FittedFields,
) -> Vec<Notice> {
    let frozen =
        graph.nodes.iter().filter(|node| node.has_weights() && is_frozen(graph, settings, node));
    let (mut seen, mut notices) = (BTreeSet::new(), Vec::new());
    for node in frozen {
        let reads = graph.reads(node);
        // A derived node may have steps of its own.
        let derived = graph.derived.iter().map(|derived| derived.name);
        let derived = derived.filter(|name| *name == node.name || reads.nodes.contains(name));
        let fields = reads.inputs.iter().copied().chain(derived).chain(graph.heads_of(node));
        for field in fields.filter(|field| graph.learns(field) && !kept.contains(field)) {
            if seen.insert((field, node.name)) {
                notices.push(notice(node.name, field));
            }
        }
    }
    notices
}

fn notice(branch: &str, field: &str) -> Notice {
    let message = format!(
        "its preprocessing is fitted on these training rows, but the branch of `{branch}` is frozen \
         and has weights for what it was fitted on before: take `{branch}` with its preprocessing \
         (`Model::take`), leave `refit` out, or let the branch learn"
    );
    Notice::new(NoticeKind::FrozenScale, message).about(field)
}

/// Whether steps never change the branch of a node in this run.
fn is_frozen(graph: &Graph, settings: &Settings, node: &Node) -> bool {
    let owner = |name: &str| graph.node(name).map(|node| node.shared.unwrap_or(node.name));
    let own = owner(node.name);
    let by_trainer = settings.frozen.iter().any(|name| owner(name) == own);
    let by_rate = settings.rates.iter().rev().find(|(name, _)| owner(name) == own);
    let by_definition = own.and_then(|own| graph.node(own)).is_some_and(|node| node.frozen);
    by_definition || by_trainer || by_rate.is_some_and(|(_, factor)| *factor == 0.0)
}
