//! Rules about `export = onnx`: every node is expressible in the format.

use multi_input_spec::{derived::arithmetic, Onnx};
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
    let mut refusals = Refusals { encoded: &export.encoded, errors };
    for (position, node) in graph.nodes.iter().enumerate() {
        // What could not be read, or is unknown, may be the name of the column. What is derived of a
        // column that enters encoded is reported there.
        let is_encoded = |name: &Ident| export.encoded.contains(name);
        let mut made_of = node.made_of.iter().map(|edge| &edge.name);
        if all_known && !is_encoded(node.name()) && !made_of.any(is_encoded) {
            refusals.of_column(node);
        }
        refusals.of_merge(node);
        refusals.of_output(node);
        if node.shared.is_none() {
            let layers = shaped.nodes[position].layers.iter();
            layers.for_each(|layer| refusals.of_layer(node, layer));
        }
    }
}

/// Reports what the format cannot express.
struct Refusals<'a> {
    encoded: &'a [Ident],
    errors: &'a mut Diagnostics,
}

impl Refusals<'_> {
    fn report(&mut self, node: &Node, what: &str, onnx: Onnx, at: Span) {
        let Onnx::Refused { reason, instead } = onnx else { return };
        let name = node.name();
        let names = self.encoded.iter().chain([name]).map(Ident::to_string);
        let names = names.collect::<Vec<_>>().join(", ");
        let instead = instead.replace("encoded(..)", &format!("encoded({names})"));
        let text =
            format!("`{name}`: `{what}` cannot be written to ONNX, because {reason}; {instead}");
        self.errors.at(at, text);
    }

    /// The steps of an input, and the derivation of a derived node with its steps.
    fn of_column(&mut self, node: &Node) {
        match &node.field.source {
            Some(Source::Input(input)) => self.of_steps(node, &input.steps),
            Some(Source::Derived(derived)) => {
                let (what, onnx) = match &derived.by {
                    DerivedBy::Named { spec, .. } => (spec.name, spec.doc.onnx),
                    DerivedBy::Formula(_) => (&*derived.text, arithmetic::DERIVATION.doc.onnx),
                    // As for steps.
                    DerivedBy::Own(own) => (&*own.text, Onnx::Nothing),
                };
                self.report(node, what, onnx, derived.span);
                self.of_steps(node, &derived.steps);
            }
            _ => {}
        }
    }

    /// The steps of the spec: those of the user's own may bring their operators.
    fn of_steps(&mut self, node: &Node, steps: &[Step]) {
        for step in steps.iter().filter(|step| step.own.is_none()) {
            self.report(node, step.spec.name, step.spec.doc.onnx, step.span);
        }
    }

    fn of_merge(&mut self, node: &Node) {
        let Some(Source::Merge(merge)) = &node.field.source else { return };
        let (what, at) = match &merge.own {
            Some((own, _)) => (&*own.text, own.span),
            None => (merge.rule.name, merge.name.span()),
        };
        self.report(node, what, merge.rule.doc.onnx, at);
    }

    /// The loss, which makes the prediction, and the steps of the target, which are undone.
    fn of_output(&mut self, node: &Node) {
        let Some(output) = &node.field.output else { return };
        if let Some(LossCall::Named(loss)) = &output.loss {
            self.report(node, loss.spec.name(), loss.spec.onnx(), loss.name.span());
        }
        self.of_steps(node, &output.steps);
    }

    /// A layer, its activations and the layer in it.
    fn of_layer(&mut self, node: &Node, layer: &ShapedLayer) {
        match &layer.module {
            Module::Named(named) => {
                let spec = named.call.spec;
                self.report(node, spec.name, spec.doc.onnx, layer.span);
                for argument in &named.call.arguments {
                    if let Argument::Activation(activation, at) = argument {
                        self.report(node, activation.name(), activation.onnx(), *at);
                    }
                }
                named.call.inner.iter().for_each(|inner| self.of_layer(node, inner));
            }
            Module::Activation { activation, .. } => {
                self.report(node, activation.name(), activation.onnx(), layer.span);
            }
            Module::Custom { module } => {
                let module = compact(&module.to_token_stream());
                self.report(node, &module, Onnx::OF_OWN, layer.span);
            }
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

/// Whether an input is preprocessed in predictions: augmentation is not written.
fn has_steps(node: &Node) -> bool {
    let Some(Source::Input(input)) = &node.field.source else { return false };
    let is_written = |step: &Step| step.own.is_some() || step.spec.doc.onnx != Onnx::Nothing;
    input.steps.iter().any(is_written)
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
