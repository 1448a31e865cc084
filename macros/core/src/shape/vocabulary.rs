//! Vocabularies shared by several inputs.

use super::{formula::Formula, Scope, ShapedNode, ShapedStep};
use crate::{
    diagnostics::Diagnostics,
    graph::{Edge, Graph, Node},
    parse::{Source, Step},
};

/// Checks that inputs with a shared vocabulary have the same step and the same capacity.
pub(super) fn compare(
    graph: &Graph,
    shaped: &[ShapedNode],
    scope: &mut Scope,
    errors: &mut Diagnostics,
) {
    for (index, node) in graph.nodes.iter().enumerate() {
        let Some(edge) = &node.vocabulary_of else { continue };
        if let Some(mistake) = mistake(graph, index, edge) {
            errors.at(edge.name.span(), format!("`{}`: {mistake}", node.name()));
            continue;
        }
        let steps = (first(&shaped[index].steps), first(&shaped[edge.node].steps));
        let (Some(here), Some(there)) = steps else { continue };
        let (here, there) = (here.output.clone(), there.output.clone());
        let formula = Formula::Vocabulary { owner: edge.name.to_string(), here, there };
        scope.verify(formula, &node.name().to_string(), edge.name.span(), errors);
    }
}

/// The first step that changes values.
fn first(steps: &[ShapedStep]) -> Option<&ShapedStep> {
    steps.iter().find(|step| !step.call.spec.form.keeps_values)
}

/// The mistake in sharing a vocabulary with the input of `edge`.
fn mistake(graph: &Graph, index: usize, edge: &Edge) -> Option<String> {
    let (node, owner) = (&graph.nodes[index], &graph.nodes[edge.node]);
    let name = &edge.name;
    if edge.node == index {
        return Some("a vocabulary is shared with another input, not with itself".to_owned());
    }
    let (own, owners) = (steps(node), steps(owner));
    let step = own.iter().find(|step| step.shared_with().is_some())?.spec.name;
    let Some(there) = owners.iter().find(|other| other.spec.name == step) else {
        let known = owner.broken || owner.field.source.is_none();
        return (!known)
            .then(|| format!("`{name}` has no `{step}` whose vocabulary could be shared"));
    };
    if there.shared_with().is_some() {
        return Some(format!(
            "`{name}` shares another input's vocabulary itself: name the input that learns it"
        ));
    }
    let is_first = |steps: &[Step]| {
        let mut steps = steps.iter().filter(|step| !step.spec.form.keeps_values);
        steps.next().is_some_and(|first| first.spec.name == step)
    };
    if !is_first(own) || !is_first(owners) {
        return Some(format!("a shared `{step}` is the first step of both inputs"));
    }
    let kind = |node: &Node| node.field.ty.as_ref().map(|ty| std::mem::discriminant(&ty.element));
    let same = kind(node).is_none() || kind(owner).is_none() || kind(node) == kind(owner);
    (!same).then(|| format!("`{name}` holds something else, so they have no vocabulary in common"))
}

/// The steps of an input.
fn steps(node: &Node) -> &[Step] {
    match &node.field.source {
        Some(Source::Input(input)) => &input.steps,
        _ => &[],
    }
}
