//! Rules about modules of the user's own.

use syn::Type;

use crate::{diagnostics::Diagnostics, graph::Graph, graph::Node, parse::LayerKind};

/// A model is no module of itself: rustc would ask for its layers to know its layers.
pub(super) fn are_not_the_model(node: &Node, graph: &Graph, errors: &mut Diagnostics) {
    let (name, model) = (node.name(), &graph.model.name);
    for layer in node.field.branch.iter().flat_map(|branch| &branch.layers) {
        let LayerKind::Custom { module, .. } = &layer.kind else { continue };
        let Type::Path(path) = &**module else { continue };
        let only = path.path.get_ident().filter(|_| path.qself.is_none());
        if only.is_some_and(|only| only == model || only == "Self") {
            let text = format!("`{name}`: `{model}` cannot be a layer of itself");
            errors.at(layer.span, text);
        }
    }
}
