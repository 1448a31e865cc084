//! Rules about `export = onnx`: every node is expressible in the format.

use multi_input_spec::step::Nature;
use proc_macro2::Ident;

use crate::{
    diagnostics::Diagnostics,
    graph::{Graph, Node},
    parse::{Export, Source},
    shape::ShapedGraph,
    suggest::suggest,
};

/// Applies the rules. The model of a part is not checked again.
pub(super) fn is_expressible(shaped: &ShapedGraph, errors: &mut Diagnostics) {
    let graph = &shaped.graph;
    let Some(export) = &graph.model.options.export else { return };
    if graph.model.part_of.is_some() {
        return;
    }
    for name in &export.encoded {
        match encoded(name, graph) {
            Ok(Some(node)) if export.is_read => {
                raw_values_are_in_the_file(node, name, export, graph, errors);
            }
            Ok(_) => {}
            Err(mistake) => errors.at(name.span(), mistake),
        }
    }
}

/// The input or derived node called `name`, if it has been read.
fn encoded(name: &Ident, graph: &Graph) -> Result<Option<usize>, String> {
    let Some(position) = graph.nodes.iter().position(|node| node.name() == name) else {
        let columns = graph.nodes.iter().filter(|node| node.is_input() || node.is_derived());
        let known: Vec<String> = columns.map(|node| node.name().to_string()).collect();
        let near = suggest(&name.to_string(), known.iter().map(String::as_str));
        return Err(format!("there is no input `{name}`{near}"));
    };
    let node = &graph.nodes[position];
    match &node.field.source {
        _ if node.broken => Ok(None),
        Some(Source::Derived(_)) => Ok(Some(position)),
        Some(Source::Input(input)) if input.broken_at.is_some() => Ok(None),
        Some(Source::Input(_)) if has_steps(node) => Ok(Some(position)),
        Some(Source::Input(_)) => Err(format!(
            "`{name}` has no preprocessing steps, so a file takes it as it is; leave it out of \
             `encoded`"
        )),
        _ => Err(format!(
            "`{name}` is no input; `encoded` names inputs that enter the file behind their \
             preprocessing"
        )),
    }
}

/// Whether an input is preprocessed in predictions.
fn has_steps(node: &Node) -> bool {
    let Some(Source::Input(input)) = &node.field.source else { return false };
    input.steps.iter().any(|step| step.spec.form.nature != Nature::Random)
}

/// What is derived from an input needs its raw values.
fn raw_values_are_in_the_file(
    input: usize,
    token: &Ident,
    export: &Export,
    graph: &Graph,
    errors: &mut Diagnostics,
) {
    let is_derived = |node: &&Node| node.made_of.iter().any(|edge| edge.node == input);
    let mut derived = graph.nodes.iter().filter(is_derived);
    if let Some(derived) = derived.find(|node| !export.encoded.contains(node.name())) {
        let derived = derived.name();
        errors.at(
            token.span(),
            format!(
                "`{derived}` is derived from the raw values of `{token}`, which are not in the file \
                 then; name `{derived}` as well, `encoded({token}, {derived})`"
            ),
        );
    }
}
