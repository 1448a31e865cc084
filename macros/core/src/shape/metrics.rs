//! Compares integer arguments of metrics with the number of classes.

use multi_input_spec::Kind;
use syn::spanned::Spanned;

use super::{flow::Flow, formula::Formula, Scope};
use crate::{
    diagnostics::Diagnostics,
    graph::{Graph, Node},
    parse::{Element, MetricCall, SizeExpr},
};

/// Compares them for every output that is a class.
pub(super) fn compare(graph: &Graph, scope: &mut Scope, errors: &mut Diagnostics) {
    for node in &graph.nodes {
        let (Some(output), Some(ty)) = (&node.field.output, &node.field.ty) else { continue };
        let Element::Class(classes) = &ty.element else { continue };
        for metric in output.metrics.iter().chain(&output.weighted_metrics) {
            numbers_fit(node, metric, classes, scope, errors);
        }
    }
}

fn numbers_fit(
    node: &Node,
    metric: &MetricCall,
    classes: &SizeExpr,
    scope: &mut Scope,
    errors: &mut Diagnostics,
) {
    let head = Flow::declared(Kind::Numbers, std::slice::from_ref(classes));
    for ((parameter, _), value) in metric.spec.parameters.iter().zip(&metric.values) {
        let (metric, number, head) = (metric.spec.name, value.clone(), head.clone());
        let formula = Formula::Classes { metric, parameter, number, head };
        scope.verify(formula, &node.name().to_string(), value.tokens.span(), errors);
    }
}
