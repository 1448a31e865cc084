//! Metrics fit their target. Those of the user's own are checked by a constant of the expansion.

use multi_input_spec::Target;
use syn::LitStr;

use super::other_type;
use crate::{
    diagnostics::Diagnostics,
    graph::Node,
    parse::{LabelExpr, MetricCall, Output, OutputMetric},
    suggest::{list, suggest},
};

pub(super) fn fit(node: &Node, errors: &mut Diagnostics) {
    let (Some(output), Some(target)) = (&node.field.output, node.target()) else { return };
    for metric in output.all_metrics().filter_map(OutputMetric::ours) {
        match metric.targets.contains(&target) {
            true => label_is_known(node, output, target, metric, errors),
            false => errors.at(metric.name.span(), does_not_measure(node, target, metric)),
        }
    }
}

fn does_not_measure(node: &Node, target: Target, metric: &MetricCall) -> String {
    let (name, what, called) = (node.name(), target.in_words(), metric.spec.name);
    // A form of the metric may be for fewer targets than the metric.
    let variants = metric.spec.variants.iter();
    let mut variants = variants.filter(|variant| variant.type_name == metric.type_name);
    match variants.next().filter(|_| metric.spec.targets.contains(&target)) {
        Some(variant) => {
            let word = variant.word;
            format!("`{name}` is {what}, which `{called}` does not measure with `{word}`")
        }
        None => {
            let instead = other_type(node, target, metric.targets);
            format!("`{name}` is {what}, which the metric `{called}` does not measure{instead}")
        }
    }
}

/// A label in quotes is one of the training rows, or a column of a label.
fn label_is_known(
    node: &Node,
    output: &Output,
    target: Target,
    metric: &MetricCall,
    errors: &mut Diagnostics,
) {
    let label = metric.average.as_ref().and_then(|average| average.label.as_ref());
    let Some(LabelExpr::Text(label)) = label else { return };
    let (name, given) = (node.name(), label.value());
    let columns = output.cells.named_columns();
    let text = match target {
        Target::Class if output.categories.is_some() => return,
        Target::Flags if columns.iter().any(|column| column.value() == given) => return,
        Target::Flags if !columns.is_empty() => {
            let known: Vec<String> = columns.iter().map(LitStr::value).collect();
            let known = || known.iter().map(String::as_str);
            let near = suggest(&given, known());
            let all = match near.is_empty() {
                true => format!("; there are {}", list(known())),
                false => near,
            };
            format!("no label of `{name}` has the column `{given}`{all}")
        }
        Target::Class => format!(
            "the classes of `{name}` are numbers: write `binary(0)`, or mark the output \
             `categories`, so that its rows hold labels"
        ),
        Target::Flags => format!(
            "the labels of `{name}` have no names: write `binary(0)`, or name their `columns(...)`"
        ),
        Target::Flag | Target::Numbers => {
            format!("the classes of `{name}` are false and true: write `binary(0)` or `binary(1)`")
        }
    };
    errors.at(label.span(), text);
}
