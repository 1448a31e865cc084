//! The whole numbers of metrics, against the number of classes that the target has.

use multi_input_spec::{agree, Kind};
use quote::quote;
use syn::spanned::Spanned;

use super::{
    flow::{given, Flow},
    Scope,
};
use crate::{
    diagnostics::Diagnostics,
    graph::{Graph, Node},
    parse::{Element, MetricCall, SizeExpr},
};

/// Compares them, for every output that is a class.
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
    let name = metric.spec.name;
    for ((parameter, _), value) in metric.spec.parameters.iter().zip(&metric.values) {
        let result = agree::classes((name, parameter), value.value, &head.shape);
        let deferred = (!head.is_known() || !value.is_known()).then(|| {
            let (spec, shape) = (&scope.spec, head.expression(&scope.spec));
            let value = given(&value.tokens, spec);
            quote!(#spec::agree::classes((#name, #parameter), #value, &#shape))
        });
        let span = value.tokens.span();
        scope.verify(result, deferred, &node.name().to_string(), span, errors);
    }
}
