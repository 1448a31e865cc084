//! Compares the number of `columns(...)` with the number of elements of the value.

use multi_input_spec::Kind;

use super::{flow::Flow, formula::Formula, Scope};
use crate::{
    diagnostics::Diagnostics,
    graph::Graph,
    parse::{ColumnNames, Element},
};

/// Compares the counts of every input and target. Several columns of one text are joined, and a list
/// of any length has any number of columns.
pub(super) fn compare(graph: &Graph, scope: &mut Scope, errors: &mut Diagnostics) {
    for node in &graph.nodes {
        let (Some(cells), Some(ty)) = (node.field.cells(), &node.field.ty) else { continue };
        let Some((ColumnNames::Named(columns), span)) = &cells.columns else { continue };
        if matches!(ty.element, Element::Text) && ty.dims.is_empty() {
            continue;
        }
        let value = Flow::declared(Kind::Numbers, &ty.dims).with_list(ty.list);
        let named = columns.len();
        let formula = Formula::Columns { value, named };
        scope.verify(formula, &node.name().to_string(), *span, errors);
    }
}
