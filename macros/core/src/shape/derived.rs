//! The shape of derived nodes.

use multi_input_spec::{
    derived::{self, arithmetic, Source},
    own::ClaimForm,
    Kind, Shape, Text,
};

use super::{
    flow::Flow,
    formula::{Claimed, Formula, Operand},
    Scope, ShapedNode,
};
use crate::{
    diagnostics::Diagnostics,
    graph::{Graph, Node},
    parse::{Derived, DerivedBy, Element, Own},
};

/// The shape of a derived node before its steps.
pub(super) fn infer(
    node: &Node,
    derived: &Derived,
    graph: &Graph,
    shaped: &[ShapedNode],
    scope: &mut Scope,
    errors: &mut Diagnostics,
) -> Option<Flow> {
    let name = node.name().to_string();
    match &derived.by {
        DerivedBy::Named { spec, arguments } => {
            let fits = is_a_category(node, errors);
            let taken = takes_inputs(node, spec.takes, graph, shaped, errors);
            let formula = Formula::Derived { spec, arguments: arguments.clone() };
            let flow = scope.evaluate(formula, &name, derived.span, errors)?;
            (fits && taken).then_some(flow)
        }
        DerivedBy::Own(own) => {
            let stated = stated(node, errors)?;
            let claimed = own_claim(own, stated);
            let of = node.made_of.iter().map(|edge| shaped[edge.node].raw.clone());
            let formula = Formula::OwnDerived { claimed, of: of.collect::<Option<_>>()? };
            scope.evaluate(formula, &name, derived.span, errors)
        }
        DerivedBy::Formula(_) => {
            let stated = stated(node, errors);
            let taken = takes_inputs(node, arithmetic::takes, graph, shaped, errors);
            let of = node.made_of.iter().map(|edge| {
                let (name, flow) = (edge.name.to_string(), shaped[edge.node].raw.clone()?);
                Some(Operand { name, flow })
            });
            let of: Option<Vec<Operand>> = of.collect();
            let (stated, of) = (stated?, of.filter(|_| taken)?);
            let inferred =
                scope.evaluate(Formula::Arithmetic { of }, &name, derived.span, errors)?;
            let Some(stated) = stated else { return Some(inferred) };
            let span = node.field.ty.as_ref().map_or(derived.span, |ty| ty.span);
            let declared = Formula::Declared { stated, inferred: inferred.clone() };
            scope.verify(declared, &name, span, errors).map(|_| inferred)
        }
    }
}

/// A derivation of the user's own gives what the field's type states; by default one number.
fn own_claim(own: &Own, stated: Option<Flow>) -> Claimed {
    let (shape, form) = match stated {
        Some(stated) => (stated, ClaimForm::Type),
        None => (Flow::known(Shape::numbers(&[])), ClaimForm::NoType),
    };
    Claimed { own: own.clone(), shape, form }
}

/// The shape that the type of a node of numbers or categories states, or `None` for `_`.
fn stated(node: &Node, errors: &mut Diagnostics) -> Option<Option<Flow>> {
    let ty = node.field.ty.as_ref()?;
    let (name, found) = (node.name(), &ty.text);
    let kind = match ty.element {
        Element::Inferred if ty.dims.is_empty() && !ty.optional => return Some(None),
        Element::F32 => Some(Kind::Numbers),
        Element::U32 => Some(Kind::Categories),
        _ => None,
    };
    match kind.filter(|_| !ty.optional && !ty.masked && !ty.list) {
        Some(kind) => Some(Some(Flow::declared(kind, &ty.dims))),
        None => {
            let text = format!(
                "`{name}` is computed of every row: its type is `f32`, `u32` for a category, an array \
                 of them, or `_`, not `{found}`"
            );
            errors.at(ty.span, text);
            None
        }
    }
}

/// Whether the field's type is that of a derived category: `u32`, or `_`.
fn is_a_category(node: &Node, errors: &mut Diagnostics) -> bool {
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
    takes: fn(&Source<'_>) -> Result<(), Text>,
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
        if let Err(text) = takes(&source) {
            errors.at(edge.name.span(), format!("`{}`: {}", node.name(), text.as_str()));
            all = false;
        }
    }
    all
}
