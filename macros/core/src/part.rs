//! [`Graph`] to the [`RawModel`]s of its parts, which take the same path through the stages as the
//! model itself.
//!
//! A part consists of the nodes that its outputs need. Where they need no more of an input than its
//! raw value or its presence, the input loses its branch.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span};
use syn::parse_quote;

use crate::{
    diagnostics::Diagnostics,
    graph::{Edge, Graph, Node},
    names::Names,
    parse::{
        Argument, Branch, Field, Head, Input, Missing, Operand, Part, RawModel, Source, Whole,
    },
    suggest::{list, suggest},
    text::plain,
};

/// The parts that the model declares, as far as their names are free and their nodes known.
pub(crate) fn derive(graph: &Graph, errors: &mut Diagnostics) -> Vec<RawModel> {
    let mut definitions = vec![Names::of(&graph.model.name)];
    let mut parts = Vec::new();
    for part in &graph.model.options.parts {
        let names = Names::of(&part.name);
        if let Some(mistake) = collision(&names, &definitions) {
            errors.at(part.name.span(), mistake);
            continue;
        }
        definitions.push(names);
        let Some(outputs) = outputs(part, graph, errors) else { continue };
        let needed = Needed::by(graph, &outputs);
        inputs_are_declared(part, &outputs, graph, &needed, errors);
        parts.push(Derivation { graph, part, outputs, needed }.model());
    }
    parts
}

/// The mistake of a name that another definition, or one of its types, has.
fn collision(names: &Names, others: &[Names]) -> Option<String> {
    let own = &names.definition;
    let (model, parts) = others.split_first()?;
    if parts.iter().any(|part| part.definition == *own) {
        return Some(format!("there is a part `{own}` already; choose another name"));
    }
    if model.definition == *own {
        return Some(format!("`{own}` is the model itself; choose another name for its part"));
    }
    let all = others.iter().flat_map(|other| other.all().map(|taken| (&other.definition, taken)));
    let (other, taken) = all.into_iter().find(|(_, taken)| names.all().contains(taken))?;
    Some(match taken == own {
        true => format!("`{own}` is the name of a type of `{other}`; choose another name"),
        false => {
            format!("`{own}` and `{other}` would both have a type `{taken}`; choose another name")
        }
    })
}

/// The nodes that are a part's outputs, each with the user's token.
fn outputs<'a>(
    part: &'a Part,
    graph: &Graph,
    errors: &mut Diagnostics,
) -> Option<Vec<(usize, &'a Ident)>> {
    let mut found: Vec<(usize, &Ident)> = Vec::new();
    let mut all_known = true;
    for name in &part.outputs {
        let twice = found.iter().any(|(_, other)| *other == name);
        match position(part, name, graph, errors) {
            Some(_) if twice => {
                let text = format!("`{}`: the output `{name}` is named twice", part.name);
                errors.at(name.span(), text);
            }
            Some(node) => found.push((node, name)),
            None => all_known = false,
        }
    }
    all_known.then_some(found)
}

/// The index of the node called `name`.
fn position(part: &Part, name: &Ident, graph: &Graph, errors: &mut Diagnostics) -> Option<usize> {
    let found = graph.nodes.iter().position(|node| node.name() == name);
    if found.is_none() {
        let known: Vec<String> = graph.nodes.iter().map(|node| node.name().to_string()).collect();
        let near = suggest(&name.to_string(), known.iter().map(String::as_str));
        errors.at(name.span(), format!("`{}`: there is no node `{name}`{near}", part.name));
    }
    found
}

/// Compares the inputs that a part declares with those that it needs.
fn inputs_are_declared(
    part: &Part,
    outputs: &[(usize, &Ident)],
    graph: &Graph,
    needed: &Needed,
    errors: &mut Diagnostics,
) {
    let Some(declared) = &part.inputs else { return };
    let mut all_known = true;
    for name in declared {
        let Some(node) = position(part, name, graph, errors) else {
            all_known = false;
            continue;
        };
        let mistake = match (graph.nodes[node].is_input(), needed.has(node)) {
            (true, true) => continue,
            (true, false) => "is not needed by its outputs; leave it out",
            (false, _) => "is no input; a part declares the inputs that it may take",
        };
        errors.at(name.span(), format!("`{}`: `{name}` {mistake}", part.name));
    }
    // An unknown name may be the one that is missing.
    let flows = graph.flows();
    for input in graph.inputs().filter(|input| all_known && needed.has(*input)) {
        let (name, reached) = (graph.nodes[input].name(), flows.from(input));
        let found = outputs.iter().find(|(output, _)| reached.reaches(*output));
        let Some((output, token)) = found.filter(|_| !declared.contains(name)) else { continue };
        let between = reached.path(*output).into_iter().skip(1).rev();
        let between: Vec<String> =
            between.map(|hop| graph.nodes[hop.from].name().to_string()).collect();
        let through = match between.is_empty() {
            true => String::new(),
            false => format!(" through {}", list(between.iter().map(String::as_str))),
        };
        errors.at(
            token.span(),
            format!(
                "`{}`: `{token}` needs the input `{name}`{through}, which the part does not take: \
                 name it, or an output that does without it",
                part.name
            ),
        );
    }
}

/// The nodes that some outputs need.
struct Needed {
    /// Those whose value they need.
    values: BTreeSet<usize>,
    /// The inputs from whose raw values they derive nodes.
    derived_from: BTreeSet<usize>,
    /// The inputs whose presence they need.
    presence: BTreeSet<usize>,
}

impl Needed {
    fn by(graph: &Graph, outputs: &[(usize, &Ident)]) -> Needed {
        let (derived_from, presence) = (BTreeSet::new(), BTreeSet::new());
        let mut needed = Needed { values: BTreeSet::new(), derived_from, presence };
        outputs.iter().for_each(|(output, _)| needed.add(graph, *output));
        needed
    }

    fn add(&mut self, graph: &Graph, node: usize) {
        if !self.values.insert(node) {
            return;
        }
        let Node { feeds, made_of, .. } = &graph.nodes[node];
        self.derived_from.extend(made_of.iter().map(|edge| edge.node));
        for edge in feeds {
            match edge.present {
                true => self.presence.extend(graph.input_of_presence(edge)),
                false => self.add(graph, edge.node),
            }
        }
    }

    fn has(&self, node: usize) -> bool {
        [&self.values, &self.derived_from, &self.presence].iter().any(|set| set.contains(&node))
    }

    /// Whether the preprocessing steps of an input are needed.
    fn has_steps_of(&self, input: usize) -> bool {
        self.values.contains(&input) || self.derived_from.contains(&input)
    }
}

/// A part while it is derived.
struct Derivation<'a> {
    graph: &'a Graph,
    part: &'a Part,
    outputs: Vec<(usize, &'a Ident)>,
    needed: Needed,
}

impl Derivation<'_> {
    fn model(&self) -> RawModel {
        let nodes = (0..self.graph.nodes.len()).filter(|&node| self.needed.has(node));
        RawModel { head: self.head(), fields: nodes.map(|node| self.field(node)).collect() }
    }

    fn head(&self) -> Head {
        let model = &self.graph.model;
        let is_doc = |attribute: &&syn::Attribute| attribute.path().is_ident("doc");
        let attributes = model.attributes.iter().filter(|attribute| !is_doc(attribute)).cloned();
        let doc = self.doc();
        let mut head = Head {
            attributes: [parse_quote!(#[doc = #doc])].into_iter().chain(attributes).collect(),
            name: self.part.name.clone(),
            part_of: Some(self.whole()),
            ..model.clone()
        };
        head.options.data = None;
        head.options.lock = None;
        head.options.parts.clear();
        head.options.budget.clear();
        head.options.stages = None;
        head
    }

    /// `A part of [`TwoTowers`]: `item_vector`, from `title` and `genre`.`
    fn doc(&self) -> String {
        let names = |nodes: Vec<&Ident>| {
            let names: Vec<String> = nodes.into_iter().map(plain).collect();
            list(names.iter().map(String::as_str))
        };
        let outputs = names(self.outputs.iter().map(|(_, name)| *name).collect());
        let inputs = self.graph.inputs().filter(|input| self.needed.has(*input));
        let inputs = names(inputs.map(|input| self.graph.nodes[input].name()).collect());
        format!("A part of [`{}`]: {outputs}, from {inputs}.", self.graph.model.name)
    }

    fn whole(&self) -> Whole {
        let nodes = || self.graph.nodes.iter().enumerate();
        let is_filled = |node: &Node| node.absence.is_some_and(|absence| absence.filled);
        let filled = nodes().filter(|(_, node)| is_filled(node));
        let owners = nodes().filter_map(|(index, node)| {
            let owner = node.shared.filter(|_| self.new_owner(index) == Some(index))?;
            Some((node.name().clone(), self.graph.nodes[owner].name().clone()))
        });
        let others = nodes().filter(|(index, node)| {
            let in_rows = node.is_input() || node.field.output.is_some();
            in_rows && !self.needed.has(*index)
        });
        Whole {
            name: self.graph.model.name.clone(),
            filled: filled.map(|(_, node)| node.name().clone()).collect(),
            owners: owners.collect(),
            other_fields: others.map(|(_, node)| node.field.clone()).collect(),
        }
    }

    fn field(&self, index: usize) -> Field {
        let node = &self.graph.nodes[index];
        let named = self.outputs.iter().find(|(output, _)| *output == index);
        let mut field = Field { typed: Vec::new(), ..node.field.clone() };
        let was_value = field.value.take().is_some();
        match named {
            Some((_, name)) if field.output.is_none() => field.value = Some(name.span()),
            Some(_) => {}
            None => {
                field.output = None;
                // The type of a value may be that of predictions, as `f64` is.
                let is_fed = !node.is_input() && !node.is_derived();
                field.ty = field.ty.filter(|_| !(was_value && is_fed));
            }
        }
        match self.needed.values.contains(&index) {
            true => self.share(index, &mut field.branch),
            false => field.branch = None,
        }
        match &mut field.source {
            Some(Source::Input(input)) => self.reduce(index, input),
            Some(Source::Merge(merge)) => {
                let operands = merge.operands.iter_mut().zip(&node.feeds);
                operands.for_each(|(operand, edge)| self.ask_input(operand, edge));
            }
            _ => {}
        }
        field
    }

    /// Removes from an input what the part does not need.
    fn reduce(&self, index: usize, input: &mut Input) {
        if !self.needed.has_steps_of(index) {
            input.steps.clear();
            let policy = input.missing.iter_mut();
            policy.for_each(|(policy, _)| *policy = Missing::Zeros);
        }
        let owner = self.graph.nodes[index].vocabulary_of.as_ref();
        if owner.is_some_and(|owner| !self.needed.has_steps_of(owner.node)) {
            // The vocabulary comes with the fitted steps.
            let arguments = input.steps.iter_mut().flat_map(|step| &mut step.arguments);
            let shared = arguments.filter(|argument| matches!(argument, Argument::Input(_)));
            shared.for_each(|argument| *argument = Argument::Absent);
        }
    }

    /// The presence of a node whose value the part does not need is asked of its input.
    fn ask_input(&self, operand: &mut Operand, edge: &Edge) {
        let input = self.graph.input_of_presence(edge).filter(|_| edge.present);
        if let (Operand::Present(name), Some(input)) = (operand, input) {
            *name = self.named(input, name.span());
        }
    }

    /// Where the owner of a shared branch is not in the part, the first node that uses the branch
    /// becomes its owner.
    fn share(&self, index: usize, branch: &mut Option<Branch>) {
        let node = &self.graph.nodes[index];
        let (Some(owner), Some(new_owner)) = (node.shared, self.new_owner(index)) else { return };
        match (new_owner == index, branch) {
            (true, branch) => *branch = self.graph.nodes[owner].field.branch.clone(),
            (false, Some(branch)) => {
                let span = branch.shared.as_ref().map_or_else(|| node.name().span(), Ident::span);
                branch.shared = Some(self.named(new_owner, span));
            }
            (false, None) => {}
        }
    }

    /// The node of the part that owns the branch of a node that shares it in the model.
    fn new_owner(&self, index: usize) -> Option<usize> {
        let owner = self.graph.nodes[index].shared?;
        let is_here = |node: &usize| self.needed.values.contains(node);
        let shares = |node: &usize| self.graph.nodes[*node].shared == Some(owner);
        let users = (0..self.graph.nodes.len()).filter(shares);
        [owner].into_iter().chain(users).find(is_here)
    }

    /// The name of a node at `span`.
    fn named(&self, node: usize, span: Span) -> Ident {
        let mut name = self.graph.nodes[node].name().clone();
        name.set_span(span);
        name
    }
}
