//! Compares arguments of metrics with the number of classes.

use multi_input_spec::Kind;
use proc_macro2::Span;

use super::{flow::Flow, formula::Formula, Scope};
use crate::{
    diagnostics::Diagnostics,
    graph::{Graph, Node},
    parse::{Element, LabelExpr, MetricCall, OutputMetric, SizeExpr},
};

/// Compares them for every output that has classes.
pub(super) fn compare(graph: &Graph, scope: &mut Scope, errors: &mut Diagnostics) {
    for node in &graph.nodes {
        let (Some(output), Some(classes)) = (&node.field.output, classes(node)) else { continue };
        for metric in output.all_metrics().filter_map(OutputMetric::ours) {
            // A metric that does not fit its target is reported by `check`.
            let fits = node.target().is_some_and(|target| metric.targets.contains(&target));
            if fits {
                arguments_fit(node, metric, &classes, scope, errors);
            }
        }
    }
}

/// The number of classes, or of labels.
fn classes(node: &Node) -> Option<SizeExpr> {
    let ty = node.field.ty.as_ref()?;
    match (&ty.element, &ty.dims[..]) {
        (Element::Class(classes), _) => Some(classes.clone()),
        (Element::Bool, []) => Some(SizeExpr::literal(2, Span::call_site())),
        (Element::Bool, [labels]) => Some(labels.clone()),
        _ => None,
    }
}

fn arguments_fit(
    node: &Node,
    metric: &MetricCall,
    classes: &SizeExpr,
    scope: &mut Scope,
    errors: &mut Diagnostics,
) {
    let head = Flow::declared(Kind::Numbers, std::slice::from_ref(classes));
    let (name, field) = (metric.spec.name, node.name().to_string());
    for (parameter, value) in &metric.sizes {
        let (number, head) = (value.clone(), head.clone());
        let formula = Formula::Classes { metric: name, parameter, number, head };
        scope.verify(formula, &field, value.span(), errors);
    }
    let label = metric.average.as_ref().and_then(|average| average.label.as_ref());
    if let Some(LabelExpr::Index(class)) = label {
        let formula = Formula::Binary { metric: name, class: class.clone(), classes: head };
        scope.verify(formula, &field, class.span(), errors);
    }
}
