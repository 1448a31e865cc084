//! Rules about the inputs that reach an output: `only_for`, `sensitive` and `independent_of`.
//!
//! The outputs are those of the model and of its parts. The model of a part is not checked again.

use std::collections::BTreeMap;

use proc_macro2::{Ident, Span};

use super::columns;
use crate::{
    diagnostics::Diagnostics,
    graph::{Flows, Graph, Reached},
    parse::Listed,
    suggest::{list, suggest},
};

/// An output.
struct Sink<'a> {
    node: usize,
    /// The user's token for it.
    span: Span,
    /// The part that it is an output of, if it is none of the model.
    part: Option<&'a Ident>,
}

/// Applies the rules.
pub(super) fn is_as_stated(graph: &Graph, errors: &mut Diagnostics) {
    if graph.model.part_of.is_some() {
        return;
    }
    let (flows, sinks) = (graph.flows(), sinks(graph));
    for input in graph.inputs() {
        goes_where_it_may(input, graph, &flows, &sinks, errors);
    }
    sensitive_inputs_are_stated(graph, &flows, &sinks, errors);
    for &Sink { node, .. } in &sinks {
        independence_holds(node, graph, &flows, errors);
    }
}

fn sinks(graph: &Graph) -> Vec<Sink<'_>> {
    // A loss on an input is a mistake of its own.
    let is_sink = |node: &usize| {
        let node = &graph.nodes[*node];
        !(node.is_input() && node.field.output.is_some())
    };
    let own = graph.heads().filter(is_sink).map(|node| {
        let span = graph.nodes[node].name().span();
        Sink { node, span, part: None }
    });
    let mut sinks: Vec<Sink<'_>> = own.collect();
    for part in &graph.model.options.parts {
        for name in &part.outputs {
            let node = graph.nodes.iter().position(|node| node.name() == name);
            if let Some(node) = node.filter(|node| sinks.iter().all(|sink| sink.node != *node)) {
                sinks.push(Sink { node, span: name.span(), part: Some(&part.name) });
            }
        }
    }
    sinks
}

/// `only_for`: an input reaches no other outputs.
fn goes_where_it_may(
    input: usize,
    graph: &Graph,
    flows: &Flows<'_>,
    sinks: &[Sink<'_>],
    errors: &mut Diagnostics,
) {
    let Some(only_for) = graph.nodes[input].input_rules().and_then(|rules| rules.only_for.as_ref())
    else {
        return;
    };
    let name = graph.nodes[input].name();
    let mut allowed = Vec::new();
    for output in &only_for.names {
        let found = sinks.iter().find(|sink| graph.nodes[sink.node].name() == output);
        match found {
            Some(sink) => allowed.push(sink.node),
            None => errors.at(output.span(), no_output(name, output, graph, sinks)),
        }
    }
    // An unknown name may be the one that is missing.
    if !only_for.is_read || allowed.len() < only_for.names.len() {
        return;
    }
    let reached = flows.from(input);
    let others = sinks.iter().filter(|sink| reached.reaches(sink.node));
    let others: Vec<usize> =
        others.map(|sink| sink.node).filter(|node| !allowed.contains(node)).collect();
    let Some(&first) = others.first() else { return };
    let (may, all) = (names_of(&allowed, graph), names_of(&others, graph));
    let way = way(&reached, first);
    let span = leaves(&reached, first, &allowed, flows).unwrap_or(only_for.span);
    errors.at(
        span,
        format!(
            "`{name}` is only for {may}, but reaches {all}{way}; keep it away from there, or add {all} \
             to `only_for`"
        ),
    );
}

/// The way to a node, to follow a sentence; nothing of a node to itself.
pub(super) fn way(reached: &Reached<'_>, node: usize) -> String {
    match reached.path(node).is_empty() {
        true => String::new(),
        false => format!(": {}", reached.in_words(node)),
    }
}

/// The token at which the way to `output` leaves the ways to the allowed outputs.
fn leaves(
    reached: &Reached<'_>,
    output: usize,
    allowed: &[usize],
    flows: &Flows<'_>,
) -> Option<Span> {
    let path = reached.path(output);
    let serves = |node: usize| {
        let from = flows.from(node);
        allowed.iter().any(|allowed| from.reaches(*allowed))
    };
    let hop = path.iter().find(|hop| !serves(hop.to)).or(path.last())?;
    Some(hop.name.span())
}

fn no_output(input: &Ident, name: &Ident, graph: &Graph, sinks: &[Sink<'_>]) -> String {
    let outputs: Vec<String> =
        sinks.iter().map(|sink| graph.nodes[sink.node].name().to_string()).collect();
    let names = || outputs.iter().map(String::as_str);
    if graph.nodes.iter().any(|node| node.name() == name) {
        let all = list(names());
        return format!("`{input}`: `{name}` is no output; the outputs are {all}");
    }
    let near = suggest(&name.to_string(), names());
    let all = match near.is_empty() && !outputs.is_empty() {
        true => format!("; the outputs are {}", list(names())),
        false => near,
    };
    format!("`{input}`: there is no output `{name}`{all}")
}

/// `sensitive` and `uses_sensitive`: the outputs that a sensitive input reaches name it, and no others.
fn sensitive_inputs_are_stated(
    graph: &Graph,
    flows: &Flows<'_>,
    sinks: &[Sink<'_>],
    errors: &mut Diagnostics,
) {
    let is_sensitive = |input: &usize| {
        graph.nodes[*input].input_rules().is_some_and(|rules| rules.sensitive.is_some())
    };
    let sensitive: Vec<(usize, Reached<'_>)> =
        graph.inputs().filter(is_sensitive).map(|input| (input, flows.from(input))).collect();
    // The outputs that lack the same inputs, which are one mistake.
    let mut lacking: BTreeMap<Vec<usize>, Vec<&Sink<'_>>> = BTreeMap::new();
    for sink in sinks {
        let stated = graph.nodes[sink.node].field.rules.uses_sensitive.as_ref();
        let names = stated.map_or(&[][..], |stated| &stated.names);
        let mistakes = names
            .iter()
            .filter_map(|name| Some((name, no_sensitive(sink.node, name, graph, &sensitive)?)));
        let mistakes: Vec<_> = mistakes.collect();
        let is_read = mistakes.is_empty() && stated.is_none_or(|stated| stated.is_read);
        mistakes.into_iter().for_each(|(name, text)| errors.at(name.span(), text));
        // Where it may not go at all, `only_for` and `independent_of` say so.
        let independent_of = graph.nodes[sink.node].field.rules.independent_of.as_ref();
        let may_go = |input: usize| {
            let name = graph.nodes[input].name();
            if independent_of.is_some_and(|stated| stated.names.contains(name)) {
                return false;
            }
            let only_for =
                graph.nodes[input].input_rules().and_then(|rules| rules.only_for.as_ref());
            only_for.is_none_or(|only_for| only_for.names.contains(graph.nodes[sink.node].name()))
        };
        let unstated = sensitive.iter().filter(|(input, reached)| {
            let is_stated = names.contains(graph.nodes[*input].name());
            reached.reaches(sink.node) && !is_stated && may_go(*input)
        });
        let unstated: Vec<usize> = unstated.map(|(input, _)| *input).collect();
        if is_read && !unstated.is_empty() {
            lacking.entry(unstated).or_default().push(sink);
        }
    }
    for (inputs, sinks) in lacking {
        not_stated(&inputs, &sinks, graph, flows, errors);
    }
}

/// Reports outputs that do not state that these sensitive inputs reach them.
fn not_stated(
    inputs: &[usize],
    sinks: &[&Sink<'_>],
    graph: &Graph,
    flows: &Flows<'_>,
    errors: &mut Diagnostics,
) {
    let [Sink { node, span, part }, others @ ..] = sinks else { return };
    let stated = graph.nodes[*node].field.rules.uses_sensitive.as_ref();
    let (name, way) = (graph.nodes[*node].name(), way(&flows.from(inputs[0]), *node));
    let before = stated.iter().flat_map(|stated| &stated.names);
    let all = before.chain(inputs.iter().map(|input| graph.nodes[*input].name()));
    let all: Vec<String> = all.map(Ident::to_string).collect();
    let of_part = part.map_or_else(String::new, |part| format!("`{part}`: "));
    let others: Vec<usize> = others.iter().map(|sink| sink.node).collect();
    let others = match others.len() {
        0 => String::new(),
        1 => format!("; so is {}", names_of(&others, graph)),
        _ => format!("; so are {}", names_of(&others, graph)),
    };
    let (inputs, all) = (names_of(inputs, graph), all.join(", "));
    errors.at(
        stated.map_or(*span, |stated| stated.span),
        format!(
            "{of_part}`{name}` is made of the sensitive {inputs}{way}; keep it away from there, or \
             state it: `#[output(uses_sensitive({all}))]`{others}"
        ),
    );
}

/// The names of nodes: `` `a` and `b` ``.
pub(super) fn names_of(nodes: &[usize], graph: &Graph) -> String {
    let names: Vec<_> = nodes.iter().map(|node| graph.nodes[*node].name().to_string()).collect();
    list(names.iter().map(String::as_str))
}

/// The mistake in a name of `uses_sensitive`.
fn no_sensitive(
    output: usize,
    name: &Ident,
    graph: &Graph,
    sensitive: &[(usize, Reached<'_>)],
) -> Option<String> {
    let of = graph.nodes[output].name();
    let input = match input(of, name, graph) {
        Ok(input) => input,
        Err(mistake) => return mistake,
    };
    let Some((_, reached)) = sensitive.iter().find(|(known, _)| *known == input) else {
        return Some(format!(
            "`{of}`: `{name}` is not sensitive; mark it `#[input(sensitive)]`, or leave it out"
        ));
    };
    // Of a graph with gaps the missing edges may be the way.
    let is_way_known = !graph.nodes.iter().any(|node| node.broken);
    (!reached.reaches(output) && is_way_known)
        .then(|| format!("`{of}`: `{name}` does not reach it; leave it out of `uses_sensitive`"))
}

/// `independent_of`: the inputs do not reach the output.
fn independence_holds(output: usize, graph: &Graph, flows: &Flows<'_>, errors: &mut Diagnostics) {
    let node = &graph.nodes[output];
    let Some(Listed { names, .. }) = &node.field.rules.independent_of else { return };
    let of = node.name();
    for name in names {
        let input = match input(of, name, graph) {
            Ok(input) => input,
            Err(mistake) => {
                mistake.into_iter().for_each(|mistake| errors.at(name.span(), mistake));
                continue;
            }
        };
        let readers = columns::readers(input, graph).into_iter().map(|reader| flows.from(reader));
        let Some(reached) = readers.into_iter().find(|reached| reached.reaches(output)) else {
            continue;
        };
        let way = way(&reached, output);
        let through = match reached.start == input {
            true => String::new(),
            false => format!(", whose column `{}` reads", graph.nodes[reached.start].name()),
        };
        errors.at(
            name.span(),
            format!(
                "`{of}` is not independent of `{name}`{through}{way}; keep it away from `{of}`, or \
                 leave it out here"
            ),
        );
    }
}

/// The input called `name`, which the output `of` names, or the mistake in it.
fn input(of: &Ident, name: &Ident, graph: &Graph) -> Result<usize, Option<String>> {
    let found = graph.nodes.iter().position(|node| node.name() == name);
    match found {
        Some(node) if graph.nodes[node].is_input() => Ok(node),
        // What could not be read is reported, and may be an input.
        Some(node) if graph.nodes[node].field.source.is_none() => Err(None),
        Some(_) => {
            Err(Some(format!("`{of}`: `{name}` is no input; name the inputs that it is made of")))
        }
        None => {
            let inputs: Vec<String> =
                graph.inputs().map(|input| graph.nodes[input].name().to_string()).collect();
            let near = suggest(&name.to_string(), inputs.iter().map(String::as_str));
            Err(Some(format!("`{of}`: there is no input `{name}`{near}")))
        }
    }
}
