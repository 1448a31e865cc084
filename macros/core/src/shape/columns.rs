//! Compares the number of `columns(...)` with the number of elements of the value.

use multi_input_spec::Kind;

use super::{flow::Flow, formula::Formula, Scope};
use crate::{diagnostics::Diagnostics, graph::Graph, parse::Source};

/// Compares the counts of every input.
pub(super) fn compare(graph: &Graph, scope: &mut Scope, errors: &mut Diagnostics) {
    for node in &graph.nodes {
        let (Some(Source::Input(input)), Some(ty)) = (&node.field.source, &node.field.ty) else {
            continue;
        };
        let Some((columns, span)) = &input.columns else { continue };
        let (value, named) =
            (Flow::declared(Kind::Numbers, &ty.dims).with_list(ty.list), columns.len());
        let formula = Formula::Columns { value, named };
        scope.verify(formula, &node.name().to_string(), *span, errors);
    }
}
