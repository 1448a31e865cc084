//! Rules about `export = onnx`: every node is expressible in the format.

use multi_input_spec::{derived::arithmetic, step::Nature, Onnx};
use proc_macro2::{Ident, Span};
use quote::ToTokens;

use crate::{
    diagnostics::Diagnostics,
    graph::{Graph, Node},
    parse::{Argument, DerivedBy, Export, LossCall, Source, Step},
    shape::{Module, ShapedGraph, ShapedLayer},
    suggest::suggest,
    text::compact,
};

/// Applies the rules. The model of a part is not checked again.
pub(super) fn is_possible(shaped: &ShapedGraph, errors: &mut Diagnostics) {
    let graph = &shaped.graph;
    let Some(export) = &graph.model.options.export else { return };
    if graph.model.part_of.is_some() {
        return;
    }
    let all_known = encoded_are_columns(export, graph, errors) && export.is_read;
    for (position, node) in graph.nodes.iter().enumerate() {
        // What could not be read, or is unknown, may be the name of the column.
        if all_known && is_in_file(position, export, graph) {
            preprocessing(node, export, errors);
        }
        source(node, errors);
        output(node, errors);
        if node.shared.is_none() {
            shaped.nodes[position].layers.iter().for_each(|layer| self::layer(node, layer, errors));
        }
    }
}

/// Reports what the format cannot express. `way_out` is what else can be done.
fn refuse(
    node: &Node,
    what: &str,
    onnx: Onnx,
    (at, way_out): (Span, &str),
    errors: &mut Diagnostics,
) {
    if let Onnx::Refused { reason, instead } = onnx {
        let name = node.name();
        errors.at(
            at,
            format!("`{name}`: `{what}` cannot be written to ONNX, because {reason}; {instead}{way_out}"),
        );
    }
}

/// Whether the preprocessing of a column is in the file.
fn is_in_file(column: usize, export: &Export, graph: &Graph) -> bool {
    let is_encoded = |node: &Node| export.encoded.contains(node.name());
    let is_made_of = |node: &&Node| node.made_of.iter().any(|edge| edge.node == column);
    let mut derived = graph.nodes.iter().filter(is_made_of);
    let only_for_encoded =
        graph.stays_raw(column) && graph.is_derived_from(column) && derived.all(is_encoded);
    !is_encoded(&graph.nodes[column]) && !only_for_encoded
}

/// The steps of an input, and the derivation of a derived node with its steps.
fn preprocessing(node: &Node, export: &Export, errors: &mut Diagnostics) {
    let names: Vec<String> =
        export.encoded.iter().chain([node.name()]).map(Ident::to_string).collect();
    let names = names.join(", ");
    let way_out = format!(
        ", or let the file take `{}` encoded: `export = onnx(encoded({names}))`",
        node.name()
    );
    let steps = match &node.field.source {
        Some(Source::Input(input)) => &input.steps,
        Some(Source::Derived(derived)) => {
            let (what, onnx) = match &derived.by {
                DerivedBy::Named { spec, .. } => (spec.name, spec.doc.onnx),
                DerivedBy::Formula(_) => (&*derived.text, arithmetic::DERIVATION.doc.onnx),
                DerivedBy::Own(own) => (&*own.text, Onnx::Nothing),
            };
            refuse(node, what, onnx, (derived.span, &way_out), errors);
            &derived.steps
        }
        _ => return,
    };
    self::steps(node, steps, &way_out, errors);
}

/// The steps of the spec: those of the user's own may bring their operators.
fn steps(node: &Node, steps: &[Step], way_out: &str, errors: &mut Diagnostics) {
    for step in steps.iter().filter(|step| step.own.is_none()) {
        refuse(node, step.spec.name, step.spec.doc.onnx, (step.span, way_out), errors);
    }
}

fn source(node: &Node, errors: &mut Diagnostics) {
    let Some(Source::Merge(merge)) = &node.field.source else { return };
    let (what, at) = match &merge.own {
        Some((own, _)) => (&*own.text, own.span),
        None => (merge.rule.name, merge.name.span()),
    };
    refuse(node, what, merge.rule.doc.onnx, (at, ""), errors);
}

/// The loss, whose link makes the prediction, and the steps of the target, which are undone.
fn output(node: &Node, errors: &mut Diagnostics) {
    let Some(output) = &node.field.output else { return };
    if let Some(LossCall::Named(loss)) = &output.loss {
        refuse(node, loss.spec.name(), loss.spec.onnx(), (loss.name.span(), ""), errors);
    }
    steps(node, &output.steps, "", errors);
}

fn layer(node: &Node, layer: &ShapedLayer, errors: &mut Diagnostics) {
    match &layer.module {
        Module::Named(named) => {
            let spec = named.call.spec;
            refuse(node, spec.name, spec.doc.onnx, (layer.span, ""), errors);
            for argument in &named.call.arguments {
                if let Argument::Activation(activation, at) = argument {
                    refuse(node, activation.name(), activation.onnx(), (*at, ""), errors);
                }
            }
            named.call.inner.iter().for_each(|inner| self::layer(node, inner, errors));
        }
        Module::Activation { activation, .. } => {
            refuse(node, activation.name(), activation.onnx(), (layer.span, ""), errors);
        }
        Module::Custom { module } => {
            let module = compact(&module.to_token_stream());
            refuse(node, &module, Onnx::OF_OWN, (layer.span, ""), errors);
        }
    }
}

/// What `encoded(...)` names is preprocessed; returns whether all of it exists.
fn encoded_are_columns(export: &Export, graph: &Graph, errors: &mut Diagnostics) -> bool {
    let exists = |name: &Ident| graph.nodes.iter().any(|node| node.name() == name);
    for name in &export.encoded {
        match encoded(name, graph) {
            Ok(Some(node)) if export.is_read => {
                raw_values_are_in_the_file(node, name, export, graph, errors);
            }
            Ok(_) => {}
            Err(mistake) => errors.at(name.span(), mistake),
        }
    }
    export.encoded.iter().all(exists)
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
    let is_in_predictions = |step: &Step| step.spec.form.nature != Nature::Random;
    input.steps.iter().any(is_in_predictions)
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

#[cfg(test)]
mod tests;
