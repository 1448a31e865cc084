//! The newtypes of inputs and targets: a file of values in one unit does not load into a model of another
//! one. Only rustc knows the name of a newtype, as of a constant its value.

use proc_macro2::Span;

use super::{file::Lock, Update};
use crate::{
    graph::{Graph, Node},
    parse::{Newtype, Source},
    text::plain,
};

/// A field of a newtype, with the name that the lock has for it.
pub(crate) struct Unit {
    pub(crate) field: String,
    /// The newtype, with the user's spans.
    pub(crate) newtype: Newtype,
    /// The name in the lock; `None` if the lock has none for the field, as older locks.
    pub(crate) before: Option<String>,
}

impl Unit {
    /// The user's token.
    pub(crate) fn span(&self) -> Span {
        self.newtype.span
    }

    /// The name for a lock that is written: by default a newtype is called as its type.
    pub(super) fn written(&self) -> String {
        let last = || self.newtype.text.rsplit("::").next().unwrap_or_default().to_owned();
        self.before.clone().unwrap_or_else(last)
    }
}

/// The fields of newtypes, with the names that are given or that the lock has.
pub(super) fn of(graph: &Graph, lock: &Lock, update: Option<&Update>) -> Vec<Unit> {
    let fields = graph.nodes.iter().filter(|node| is_saved(node)).filter_map(|node| {
        let newtype = node.field.ty.as_ref()?.newtype.clone()?;
        let field = plain(node.name());
        let named = format!("unit {field}");
        let given = update.and_then(|update| update.values(&named).next().map(str::to_owned));
        let before = given.or_else(|| locked(node, lock));
        Some(Unit { field, newtype, before })
    });
    fields.collect()
}

/// Whether files have the newtype of a node's values.
fn is_saved(node: &Node) -> bool {
    let is_input = matches!(node.field.source, Some(Source::Input(_)));
    is_input || node.field.output.as_ref().is_some_and(|output| output.loss.is_some())
}

/// The name in the lock, which may have the field under a former name.
fn locked(node: &Node, lock: &Lock) -> Option<String> {
    let names = [plain(node.name())].into_iter().chain(node.field.renamed.iter().rev().map(plain));
    let mut found = names.filter_map(|name| lock.units.iter().find(|(field, _)| *field == name));
    found.next().map(|(_, unit)| unit.clone())
}
