//! Rules about the times at which inputs are known: an output is made of what is known when it is
//! predicted.

use proc_macro2::Ident;

use super::flow::{names_of, rules, way};
use crate::{
    diagnostics::Diagnostics,
    graph::Graph,
    parse::{KnownAt, Stages},
    suggest::{list, suggest},
};

/// Applies the rules. The model of a part is not checked again.
pub(super) fn are_in_order(graph: &Graph, errors: &mut Diagnostics) {
    if graph.model.part_of.is_some() {
        return;
    }
    match &graph.model.options.stages {
        Some(stages) if !stages.is_read => {}
        Some(stages) => {
            let all_known = stages_exist(graph, stages, errors);
            every_field_has_one(graph, stages, errors);
            if all_known {
                nothing_is_known_too_late(graph, stages, errors);
            }
        }
        None => stages_are_declared(graph, errors),
    }
}

/// What a field states about its stage.
fn known_at(node: usize, graph: &Graph) -> Option<&KnownAt> {
    let of_input = rules(node, graph).and_then(|rules| rules.known_at.as_ref());
    // An input may be an output without a loss.
    of_input.or(graph.nodes[node].field.rules.known_at.as_ref())
}

fn stages_are_declared(graph: &Graph, errors: &mut Diagnostics) {
    let used = graph.nodes.iter().enumerate();
    let mut used = used.filter_map(|(node, found)| Some((found.name(), known_at(node, graph)?)));
    let Some((name, first)) = used.next() else { return };
    let stage = first.stage.as_ref().map_or_else(|| "first".to_owned(), Ident::to_string);
    errors.at(
        first.span,
        format!(
            "`{name}`: the model has no stages: list them in their order, \
             `#[multi_input_model(stages({stage}, ...))]`"
        ),
    );
}

/// Whether every stage that a field names is declared; reports those that are not.
fn stages_exist(graph: &Graph, stages: &Stages, errors: &mut Diagnostics) -> bool {
    let mut all_known = true;
    for (position, node) in graph.nodes.iter().enumerate() {
        let of_output = node.field.rules.known_at.as_ref();
        let of_input = rules(position, graph).and_then(|rules| rules.known_at.as_ref());
        for stage in of_input.into_iter().chain(of_output).filter_map(|known| known.stage.as_ref())
        {
            if stages.position(stage).is_some() {
                continue;
            }
            all_known = false;
            let known: Vec<String> = stages.names.iter().map(Ident::to_string).collect();
            let names = || known.iter().map(String::as_str);
            let near = suggest(&stage.to_string(), names());
            let all = if near.is_empty() { format!("; there are {}", list(names())) } else { near };
            let name = node.name();
            errors.at(stage.span(), format!("`{name}`: there is no stage `{stage}`{all}"));
        }
    }
    all_known
}

/// In a model with stages nothing is left open: inputs and outputs with a loss say theirs.
fn every_field_has_one(graph: &Graph, stages: &Stages, errors: &mut Diagnostics) {
    let names: Vec<String> = stages.names.iter().map(Ident::to_string).collect();
    let lacks = |node: &usize| known_at(*node, graph).is_none();
    let inputs: Vec<usize> = graph.inputs().filter(lacks).collect();
    let outputs = graph.outputs().filter(|node| !graph.nodes[*node].is_input()).filter(lacks);
    let asks = [(inputs, "input", "is known"), (outputs.collect(), "output", "is predicted")];
    for (nodes, what, verb) in asks {
        let Some((first, others)) = nodes.split_first() else { continue };
        let name = graph.nodes[*first].name();
        let others = match others.len() {
            0 => String::new(),
            1 => format!("; one other {what} does not either"),
            more => format!("; {more} other {what}s do not either"),
        };
        let stages = list(names.iter().map(String::as_str));
        errors.at(
            name.span(),
            format!(
                "`{name}` does not say at which stage it {verb}: add `known_at = ...` to its \
                 `#[{what}(...)]`, with one of {stages}{others}"
            ),
        );
    }
}

/// An input that reaches an output is known when it is predicted.
fn nothing_is_known_too_late(graph: &Graph, stages: &Stages, errors: &mut Diagnostics) {
    let flows = graph.flows();
    let position = |known: &KnownAt| stages.position(known.stage.as_ref()?);
    let predicted: Vec<(usize, usize)> = graph
        .heads()
        .filter_map(|node| {
            let stated = graph.nodes[node].field.rules.known_at.as_ref()?;
            Some((node, position(stated)?))
        })
        .collect();
    for input in graph.inputs() {
        let Some(known) = rules(input, graph).and_then(|rules| rules.known_at.as_ref()) else {
            continue;
        };
        let Some(late) = position(known) else { continue };
        let reached = flows.from(input);
        let earlier: Vec<&(usize, usize)> = predicted
            .iter()
            .filter(|(output, stage)| *stage < late && reached.reaches(*output))
            .collect();
        let Some((output, stage)) = earlier.first() else { continue };
        let (name, way) = (graph.nodes[input].name(), way(&reached, *output));
        let (late, stage) = (&stages.names[late], &stages.names[*stage]);
        let output = graph.nodes[*output].name();
        let others: Vec<usize> = earlier[1..].iter().map(|(other, _)| *other).collect();
        let others = match others.is_empty() {
            true => String::new(),
            false => format!("; it reaches {}, too", names_of(&others, graph)),
        };
        errors.at(
            known.span,
            format!(
                "`{name}` is known at `{late}`, but reaches `{output}`, which is predicted at \
                 `{stage}`{way}; keep it away from there, or predict later{others}"
            ),
        );
    }
}
