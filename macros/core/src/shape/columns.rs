//! Compares the number of `columns(...)` with the number of elements of the value.

use multi_input_spec::{self as spec, Size};
use quote::quote;

use super::{flow::Flow, formula::Formula, Scope};
use crate::{
    diagnostics::Diagnostics,
    expression::Kind,
    graph::Graph,
    parse::{ColumnNames, Element, SizeExpr},
};

/// Compares the counts of every input and target. Several columns of one text are joined, and a list
/// of any length has any number of columns.
pub(super) fn compare(graph: &Graph, scope: &mut Scope, errors: &mut Diagnostics) {
    for node in &graph.nodes {
        let (Some(cells), Some(ty)) = (node.field.cells(), &node.field.ty) else { continue };
        let Some((columns, span)) = &cells.columns else { continue };
        let (named, is_one) = match columns {
            ColumnNames::Named(names) => (SizeExpr::literal(names.len(), *span), names.len() == 1),
            ColumnNames::Constant { tokens, written, kind } => {
                let count = quote!(<[&'static ::core::primitive::str]>::len(#tokens));
                let (value, written) = (Size::Unknown, written.clone());
                (SizeExpr { tokens: count, written, value }, *kind == Kind::Text)
            }
            ColumnNames::Prefix(_) | ColumnNames::AllOthers => continue,
        };
        if matches!(ty.element, Element::Text) && ty.dims.is_empty() {
            continue;
        }
        // One cell that is cut into the elements.
        if is_one && node.field.is_split() {
            continue;
        }
        let value = Flow::declared(spec::Kind::Numbers, &ty.dims).with_list(ty.list);
        let formula = Formula::Columns { value, named };
        scope.verify(formula, &node.name().to_string(), *span, errors);
    }
}
