//! The rustdoc of the definition: the layer table and the graph, so that a hover in the editor is
//! the summary.

use std::fmt::Write;

use multi_input_spec::Size;

use super::{graph::source_text, model, Expansion};
use crate::{shape::Flow, text::plain};

/// The text of the documentation.
pub(crate) fn of(expansion: &Expansion<'_>) -> String {
    let mut text = String::from("\n# Layers\n\n");
    text.push_str("| node | layer | output shape | parameters |\n|---|---|---|---:|\n");
    let mut total = Some(0_usize);
    for &position in &expansion.checked.graph.order {
        let node = &expansion.checked.graph.nodes[position];
        let shape = &expansion.checked.shapes[position];
        let source = source_text(expansion, position);
        row(&mut text, &plain(node.name()), &source, &shape.input, "");
        for layer in &shape.layers {
            let count = match (node.shared, layer.known_count, &layer.count) {
                (Some(_), ..) => "shared".to_owned(),
                (None, Some(number), _) => {
                    total = total.map(|total| total + number);
                    number.to_string()
                }
                (None, None, count) => {
                    total = None;
                    if count.is_some() { "see `summary()`" } else { "its own" }.to_owned()
                }
            };
            row(&mut text, "", &layer.text, &layer.output, &count);
        }
        if model::is_learned(node) {
            let count = match shape.output.shape.elements() {
                Size::Known(number) => {
                    total = total.map(|total| total + number);
                    number.to_string()
                }
                Size::Unknown => {
                    total = None;
                    "see `summary()`".to_owned()
                }
            };
            row(&mut text, "", "stand-in where absent", &shape.output, &count);
        }
    }
    if let Some(total) = total {
        let _ = writeln!(text, "| | | **total** | **{total}** |");
    }
    text.push_str(&mermaid(expansion));
    text
}

fn row(text: &mut String, node: &str, layer: &str, output: &Flow, count: &str) {
    let node = if node.is_empty() { String::new() } else { format!("`{node}`") };
    let shape = output.text();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "| {node} | `{layer}` | `{shape}` | {count} |");
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
    }
    text.push_str("```\n");
    text
}
