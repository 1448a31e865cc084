//! Rules about the file columns of fields.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, Span};

use crate::{
    diagnostics::Diagnostics,
    graph::{Graph, Node},
    parse::{CellOptions, Field, InputRules},
    text::plain,
};

/// The options about cells require the generated `Deserialize`.
pub(super) fn are_read_by_ours(node: &Node, graph: &Graph, errors: &mut Diagnostics) {
    let Some(cells) = node.field.cells().filter(|_| graph.model.derives.deserialize) else {
        return;
    };
    for (option, span) in cells.given() {
        let option = if option == "columns" { "columns(...)" } else { option };
        errors.at(
            span,
            format!(
                "`{}`: `{option}` is for the generated `Deserialize`; leave the derive of serde's \
                 out",
                node.name()
            ),
        );
    }
}

/// `columns(...)` names each column once.
pub(super) fn are_named_once(node: &Node, errors: &mut Diagnostics) {
    let Some(cells) = node.field.cells() else { return };
    let (name, columns) = (node.name(), cells.named_columns());
    for (position, column) in columns.iter().enumerate() {
        let (span, column) = (column.span(), column.value());
        if columns[..position].iter().any(|earlier| earlier.value() == column) {
            errors.at(span, format!("`{name}`: the column \"{column}\" is named twice"));
        }
    }
}

/// An input that reads the column of a target is target leakage.
pub(super) fn hold_no_target(node: &Node, graph: &Graph, errors: &mut Diagnostics) {
    if !node.is_input() {
        return;
    }
    let targets = graph.outputs().map(|output| &graph.nodes[output]);
    for target in targets.filter(|target| !target.is_input()) {
        let of_target = keys(&target.field);
        for key in keys(&node.field) {
            let Some(other) = of_target.iter().find(|other| other.column == key.column) else {
                continue;
            };
            // Of the two names, the one that is not the field's own is the likelier mistake.
            let span = if key.is_own_name { other.span } else { key.span };
            let (name, target, column) = (node.name(), target.name(), key.column);
            errors.at(
                span,
                format!(
                    "`{name}`: the column \"{column}\" fills the target `{target}` too, so the \
                     model would read what it is to predict; name another column"
                ),
            );
        }
    }
}

/// Inputs that read the same column state the same about it.
pub(super) fn are_read_alike(graph: &Graph, errors: &mut Diagnostics) {
    let states =
        |node: &usize| graph.nodes[*node].input_rules().is_some_and(|rules| !rules.is_empty());
    if !graph.inputs().any(|node| states(&node)) || graph.model.part_of.is_some() {
        return;
    }
    let mut readers: BTreeMap<String, usize> = BTreeMap::new();
    // Those that state something come first, so that the others are reported.
    let (stating, silent): (Vec<usize>, Vec<usize>) = graph.inputs().partition(states);
    for input in stating.into_iter().chain(silent) {
        for key in keys(&graph.nodes[input].field) {
            let first = *readers.entry(key.column.clone()).or_insert(input);
            let mistake = (first != input).then(|| differs(first, input, graph)).flatten();
            if let Some(states) = mistake {
                let (name, other) = (graph.nodes[input].name(), graph.nodes[first].name());
                let column = key.column;
                errors.at(
                    key.span,
                    format!(
                        "`{name}` reads the column \"{column}\" as `{other}` does, which is \
                         {states}; state the same of both"
                    ),
                );
                break;
            }
        }
    }
}

/// The inputs that read a column of `input`, itself first.
pub(super) fn readers(input: usize, graph: &Graph) -> Vec<usize> {
    let own: BTreeSet<String> = columns(input, graph).collect();
    let reads_one = |other: &usize| {
        *other != input && columns(*other, graph).any(|column| own.contains(&column))
    };
    std::iter::once(input).chain(graph.inputs().filter(reads_one)).collect()
}

fn columns(input: usize, graph: &Graph) -> impl Iterator<Item = String> {
    keys(&graph.nodes[input].field).into_iter().map(|key| key.column)
}

/// What the input `first` states and `other` does not.
fn differs(first: usize, other: usize, graph: &Graph) -> Option<String> {
    let (first, other) = (graph.nodes[first].input_rules()?, graph.nodes[other].input_rules()?);
    let outputs = |rules: &InputRules| {
        let names = rules.only_for.iter().flat_map(|only| &only.names).map(Ident::to_string);
        names.collect::<BTreeSet<_>>()
    };
    let stage = |rules: &InputRules| Some(rules.known_at.as_ref()?.stage.as_ref()?.to_string());
    if first.sensitive.is_some() && other.sensitive.is_none() {
        return Some("`sensitive`".to_owned());
    }
    if let Some(known) = stage(first).filter(|known| Some(known) != stage(other).as_ref()) {
        return Some(format!("`known_at = {known}`"));
    }
    let only: Vec<String> = outputs(first).into_iter().collect();
    (!only.is_empty() && outputs(first) != outputs(other))
        .then(|| format!("`only_for({})`", only.join(", ")))
}

/// A column of a field.
struct Key {
    column: String,
    span: Span,
    /// Whether the column is only given by the field's name.
    is_own_name: bool,
}

/// All columns of a field.
fn keys(field: &Field) -> Vec<Key> {
    let given = |column: &syn::LitStr| Key {
        column: column.value(),
        span: column.span(),
        is_own_name: false,
    };
    let columns = field.cells().map_or(&[][..], |cells| cells.named_columns());
    let in_a_constant = field.cells().is_some_and(CellOptions::are_in_a_constant);
    if !columns.is_empty() || in_a_constant {
        return columns.iter().map(given).collect();
    }
    let own = match &field.columns.rename {
        Some(name) => given(name),
        None => Key { column: plain(&field.name), span: field.name.span(), is_own_name: true },
    };
    field.columns.aliases.iter().map(given).chain([own]).collect()
}
