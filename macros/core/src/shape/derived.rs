//! The shape of derived nodes.

use multi_input_spec::derived;

use super::{flow::Flow, formula::Formula, Scope, ShapedNode};
use crate::{
    diagnostics::Diagnostics,
    graph::{Graph, Node},
    parse::{Derived, Element},
};

/// The input of a derived node's branch.
pub(super) fn infer(
    node: &Node,
    derived: &Derived,
    graph: &Graph,
    shaped: &[ShapedNode],
    scope: &mut Scope,
    errors: &mut Diagnostics,
) -> Option<Flow> {
    let name = node.name().to_string();
    let fits = type_fits(node, errors);
    let taken = takes_inputs(node, derived, graph, shaped, errors);
    let formula = Formula::Derived { spec: derived.spec, arguments: derived.arguments.clone() };
    let flow = scope.evaluate(formula, &name, derived.name.span(), errors)?;
    (fits && taken).then_some(flow)
}

/// Whether the field's type is that of a derived category: `u32`, or `_`.
fn type_fits(node: &Node, errors: &mut Diagnostics) -> bool {
    let Some(ty) = &node.field.ty else { return true };
    let is_index =
        matches!(ty.element, Element::U32 | Element::Inferred) && ty.dims.is_empty() && !ty.list;
    let (name, found) = (node.name(), &ty.text);
    let mistake = if ty.optional {
        format!("`{name}` is never absent, for an absent input is a category like any other: its type is `u32`")
    } else if !is_index || ty.masked {
        format!("`{name}` is one category, as it flows into the branch: its type is `u32`, or `_`, not `{found}`")
    } else {
        return true;
    };
    errors.at(ty.span, mistake);
    false
}

/// Whether the derivation accepts every input; kinds and ranks are always known.
fn takes_inputs(
    node: &Node,
    derived: &Derived,
    graph: &Graph,
    shaped: &[ShapedNode],
    errors: &mut Diagnostics,
) -> bool {
    let mut all = true;
    for edge in &node.made_of {
        let input = &shaped[edge.node];
        // A mistake in an input has already been reported.
        let (Some(raw), Some(encoded)) = (&input.raw, &input.input) else { return false };
        let name = graph.nodes[edge.node].name().to_string();
        let source = derived::Source { name: &name, raw: raw.shape, encoded: encoded.shape };
        if let Err(text) = (derived.spec.takes)(&source) {
            errors.at(edge.name.span(), format!("`{}`: {}", node.name(), text.as_str()));
            all = false;
        }
    }
    all
}
