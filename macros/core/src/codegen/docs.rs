//! The rustdoc of the definition: the layer table and the graph, so that hovering in an editor
//! shows the summary.

use std::fmt::Write;

use syn::{Expr, ExprLit, Lit, Meta};

use super::Expansion;
use crate::{
    parse::Field,
    suggest::list,
    table::{self, Row},
    text::plain,
};

/// The text of a field's `///` comment, as far as it is written out.
pub(crate) fn of_field(field: &Field) -> String {
    let lines = field.attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(named) if named.path.is_ident("doc") => match &named.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    });
    lines.collect::<Vec<String>>().join("\n")
}

/// The text of the documentation.
pub(crate) fn of(expansion: &Expansion<'_>) -> String {
    let mut text = String::from("\n# Layers\n\n");
    text.push_str("| node | layer | output shape | parameters |\n|---|---|---|---:|\n");
    let checked = expansion.checked;
    let table = table::of(&checked.graph, |position| checked.shapes[position].shapes());
    // Writing to a string cannot fail.
    for Row { node, layer, shape, parameters } in table.rows {
        let node = if node.is_empty() { node } else { format!("`{node}`") };
        let _ = writeln!(text, "| {node} | `{layer}` | `{shape}` | {parameters} |");
    }
    if let Some(total) = table.total {
        let _ = writeln!(text, "| | | **total** | **{total}** |");
    }
    if let Some(prediction) = table.prediction {
        let [flops, memory] = table::cost_in_words(prediction);
        let _ = writeln!(text, "\nA prediction takes {flops} FLOPs and {memory}.");
    }
    text.push_str(&mermaid(expansion));
    text.push_str(&parts(expansion));
    text
}

/// The parts that are definitions of their own.
fn parts(expansion: &Expansion<'_>) -> String {
    let parts = &expansion.checked.graph.model.options.parts;
    let mut text = String::new();
    if !parts.is_empty() {
        text.push_str("\n# Parts\n\n");
    }
    for part in parts {
        let outputs =
            list(part.outputs.iter().map(plain).collect::<Vec<_>>().iter().map(String::as_str));
        let _ = writeln!(text, "- [`{}`]: {outputs}", plain(&part.name));
    }
    text
}

fn mermaid(expansion: &Expansion<'_>) -> String {
    let nodes = &expansion.checked.graph.nodes;
    let mut text = String::from("\n# Graph\n\n```mermaid\ngraph TD\n");
    for &position in &expansion.checked.graph.order {
        let (name, shape) =
            (plain(nodes[position].name()), expansion.checked.shapes[position].output.text());
        let _ = writeln!(text, "    {name}[\"{name} {shape}\"]");
        for edge in &nodes[position].feeds {
            let label = if edge.present { "-- present -->" } else { "-->" };
            let _ = writeln!(text, "    {} {label} {name}", plain(&edge.name));
        }
        for edge in &nodes[position].made_of {
            let _ = writeln!(text, "    {} -- raw --> {name}", plain(&edge.name));
        }
    }
    text.push_str("```\n");
    text
}
