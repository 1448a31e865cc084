//! Rules about the times at which inputs are known: an output is made of what is known when it is
//! predicted.

use proc_macro2::Ident;

use super::flow::{names_of, way};
use crate::{
    diagnostics::Diagnostics,
    graph::{Graph, Node},
    parse::{KnownAt, Stages},
    suggest::{list, suggest},
};

/// Applies the rules. The model of a part is not checked again.
pub(super) fn are_in_order(graph: &Graph, errors: &mut Diagnostics) {
    if graph.model.part_of.is_some() {
        return;
    }
    match &graph.model.options.stages {
        // What could not be read is reported, and would be asked for by every field.
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

/// What an input states about its stage.
fn of_input(node: &Node) -> Option<&KnownAt> {
    node.input_rules()?.known_at.as_ref()
}

/// What an output states about its stage.
fn of_output(node: &Node) -> Option<&KnownAt> {
    node.field.rules.known_at.as_ref()
}

fn stages_are_declared(graph: &Graph, errors: &mut Diagnostics) {
    let stated = |node| of_input(node).or(of_output(node));
    let mut stated = graph.nodes.iter().filter_map(|node| Some((node.name(), stated(node)?)));
    let Some((name, first)) = stated.next() else { return };
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
    for node in &graph.nodes {
        let stated = of_input(node).into_iter().chain(of_output(node));
        let named = stated.filter_map(|known| known.stage.as_ref());
        for stage in named.filter(|stage| stages.position(stage).is_none()) {
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
    let inputs = graph.inputs().filter(|input| of_input(&graph.nodes[*input]).is_none());
    let outputs = graph.outputs().filter(|output| {
        let node = &graph.nodes[*output];
        !node.is_input() && of_output(node).is_none()
    });
    let names: Vec<String> = stages.names.iter().map(Ident::to_string).collect();
    let stages = list(names.iter().map(String::as_str));
    let mut ask = |nodes: Vec<usize>, what: &str, verb: &str| {
        let Some((first, others)) = nodes.split_first() else { return };
        let name = graph.nodes[*first].name();
        let others = match others.len() {
            0 => String::new(),
            1 => format!("; one other {what} does not either"),
            more => format!("; {more} other {what}s do not either"),
        };
        errors.at(
            name.span(),
            format!(
                "`{name}` does not say at which stage it {verb}: add `known_at = ...` to its \
                 `#[{what}(...)]`, with one of {stages}{others}"
            ),
        );
    };
    ask(inputs.collect(), "input", "is known");
    ask(outputs.collect(), "output", "is predicted");
}

/// An input that reaches an output is known when it is predicted.
fn nothing_is_known_too_late(graph: &Graph, stages: &Stages, errors: &mut Diagnostics) {
    let flows = graph.flows();
    let position = |known: &KnownAt| stages.position(known.stage.as_ref()?);
    let stage_of = |output: usize| position(of_output(&graph.nodes[output])?);
    let predicted: Vec<(usize, usize)> =
        graph.heads().filter_map(|output| Some((output, stage_of(output)?))).collect();
    for input in graph.inputs() {
        let Some(known) = of_input(&graph.nodes[input]) else { continue };
        let Some(late) = position(known) else { continue };
        let reached = flows.from(input);
        let is_earlier =
            |(output, stage): &&(usize, usize)| *stage < late && reached.reaches(*output);
        let earlier: Vec<&(usize, usize)> = predicted.iter().filter(is_earlier).collect();
        let [(output, stage), others @ ..] = &earlier[..] else { continue };
        let others: Vec<usize> = others.iter().map(|(other, _)| *other).collect();
        let others = match others.is_empty() {
            true => String::new(),
            false => format!("; it reaches {}, too", names_of(&others, graph)),
        };
        let (name, way) = (graph.nodes[input].name(), way(&reached, *output));
        let (late, stage) = (&stages.names[late], &stages.names[*stage]);
        let output = graph.nodes[*output].name();
        errors.at(
            known.span,
            format!(
                "`{name}` is known at `{late}`, but reaches `{output}`, which is predicted at \
                 `{stage}`{way}; keep it away from there, or predict later{others}"
            ),
        );
    }
}
