//! [`RawModel`] to [`Graph`]: resolves names to edges and sorts the nodes.

mod absence;
mod order;
mod reach;

use multi_input_spec::{Activation, Target};
use proc_macro2::Ident;

use crate::{
    diagnostics::Diagnostics,
    parse::{
        Element, Field, Head, InputRules, LossWeight, Missing, Operand, RawModel, Source, Step,
    },
    suggest::suggest,
};

pub(crate) use absence::Absence;
pub(crate) use reach::{Flows, Reached};

/// The model as a graph.
pub(crate) struct Graph {
    pub(crate) model: Head,
    /// In declaration order.
    pub(crate) nodes: Vec<Node>,
    /// The indices of the nodes in topological order, without nodes on a cycle.
    pub(crate) order: Vec<usize>,
}

/// A field with its edges.
pub(crate) struct Node {
    pub(crate) field: Field,
    /// The operands in order; empty for an input.
    pub(crate) feeds: Vec<Edge>,
    /// The inputs of a derived node; empty for other nodes.
    pub(crate) made_of: Vec<Edge>,
    /// The input whose vocabulary its first step shares.
    pub(crate) vocabulary_of: Option<Edge>,
    /// Whether a source is unknown, so that the shape is unknown.
    pub(crate) broken: bool,
    /// The node whose branch this node shares.
    pub(crate) shared: Option<usize>,
    /// The optional input that is this node's only input.
    pub(crate) absence: Option<Absence>,
}

/// An operand.
#[derive(Clone)]
pub(crate) struct Edge {
    pub(crate) node: usize,
    /// Whether it is `present(node)` instead of the node's value.
    pub(crate) present: bool,
    /// The user's token.
    pub(crate) name: Ident,
}

impl Node {
    /// The field's name.
    pub(crate) fn name(&self) -> &Ident {
        &self.field.name
    }

    /// The kind of target of an output; `None` if its type cannot be a target.
    pub(crate) fn target(&self) -> Option<Target> {
        let ty = self.field.ty.as_ref()?;
        match ty.element {
            Element::F32 | Element::F64 => Some(Target::Numbers),
            Element::Bool if ty.dims.is_empty() => Some(Target::Flag),
            Element::Bool => Some(Target::Flags),
            Element::Class(_) => Some(Target::Class),
            Element::I64
            | Element::U64
            | Element::U32
            | Element::Text
            | Element::Image(_)
            | Element::Date(_)
            | Element::Inferred => None,
        }
    }

    /// The link function of a loss computed from logits.
    pub(crate) fn link(&self) -> Option<Activation> {
        self.field.output.as_ref()?.loss.as_ref()?.named()?.spec.form.link
    }

    /// The source as the user wrote it.
    pub(crate) fn source_text(&self) -> String {
        match &self.field.source {
            Some(Source::Merge(merge)) => merge.text.clone(),
            Some(Source::From(name)) => format!("from({name})"),
            Some(Source::Derived(derived)) => derived.text.clone(),
            _ => "input".to_owned(),
        }
    }

    /// Whether it is an output whose loss has a learned weight.
    pub(crate) fn learns_its_weight(&self) -> bool {
        let weight = self.field.output.as_ref().map(|output| &output.weight);
        matches!(weight, Some(LossWeight::Learned(_)))
    }

    /// The policy that replaces the node's output where it is absent; `None` where nothing replaces
    /// it. A prediction without a consumer to learn a vector from is replaced by zeros.
    pub(crate) fn filled_by(&self) -> Option<Missing> {
        let absence = self.absence?;
        match absence.filled {
            true => Some(absence.policy),
            false => {
                let is_seen = self.field.value.is_some() && absence.policy != Missing::Mean;
                is_seen.then_some(Missing::Zeros)
            }
        }
    }

    /// Whether a learned vector replaces the node when it is absent.
    pub(crate) fn learns_a_stand_in(&self) -> bool {
        self.filled_by() == Some(Missing::Learned)
    }

    /// What an input states about the outputs that it reaches.
    pub(crate) fn input_rules(&self) -> Option<&InputRules> {
        match &self.field.source {
            Some(Source::Input(input)) => Some(&input.rules),
            _ => None,
        }
    }

    /// Whether it is an input.
    pub(crate) fn is_input(&self) -> bool {
        matches!(self.field.source, Some(Source::Input(_)))
    }

    /// Whether it is derived from raw values of inputs.
    pub(crate) fn is_derived(&self) -> bool {
        matches!(self.field.source, Some(Source::Derived(_)))
    }
}

impl Graph {
    /// The indices of the inputs, in declaration order.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.nodes.len()).filter(|&node| self.nodes[node].is_input())
    }

    /// The indices of the derived nodes, in declaration order.
    pub(crate) fn derived(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.nodes.len()).filter(|&node| self.nodes[node].is_derived())
    }

    /// The entries of the graph as (encoded column, node): the inputs, followed by the derived
    /// nodes.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let columns = self.inputs().chain(self.derived()).enumerate();
        columns.filter(|(_, node)| !self.stays_raw(*node) || self.gives_presence(*node))
    }

    /// Whether an input's value does not flow on: only derived nodes and `present(...)` take it.
    pub(crate) fn stays_raw(&self, node: usize) -> bool {
        let carried_out = |field: &Field| field.output.is_some() || field.value.is_some();
        (self.is_derived_from(node) || self.gives_presence(node))
            && self.consumers(node).next().is_none()
            && !carried_out(&self.nodes[node].field)
    }

    /// Whether a derived node is made of an input.
    pub(crate) fn is_derived_from(&self, node: usize) -> bool {
        self.nodes.iter().any(|other| other.made_of.iter().any(|edge| edge.node == node))
    }

    /// Whether some node takes `present(input)`, or `present(...)` of a node that is absent with it.
    pub(crate) fn gives_presence(&self, input: usize) -> bool {
        let mut edges = self.nodes.iter().flat_map(|other| &other.feeds);
        edges.any(|edge| edge.present && self.input_of_presence(edge) == Some(input))
    }

    /// The input whose presence `present(...)` asks for.
    pub(crate) fn input_of_presence(&self, edge: &Edge) -> Option<usize> {
        let node = &self.nodes[edge.node];
        let own = node.is_input().then_some(edge.node);
        node.absence.map(|absence| absence.input).or(own)
    }

    /// The indices of the outputs with a loss, in declaration order.
    pub(crate) fn outputs(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.nodes.len()).filter(|&node| self.nodes[node].field.output.is_some())
    }

    /// The indices of the outputs without a loss, in declaration order.
    pub(crate) fn values(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.nodes.len()).filter(|&node| self.nodes[node].field.value.is_some())
    }

    /// The nodes whose values a forward pass returns: the outputs with a loss, then those without.
    pub(crate) fn heads(&self) -> impl Iterator<Item = usize> + '_ {
        self.outputs().chain(self.values())
    }

    /// Whether the model has an output, with a loss or without.
    pub(crate) fn has_outputs(&self) -> bool {
        self.heads().next().is_some()
    }

    /// Whether an output with a loss depends on the branch of `node`, or on a node that shares it.
    pub(crate) fn reaches_a_loss(&self, node: usize) -> bool {
        let mut reaches = vec![false; self.nodes.len()];
        for &position in self.order.iter().rev() {
            reaches[position] |= self.nodes[position].field.output.is_some();
            let feeds = self.nodes[position].feeds.iter().filter(|edge| !edge.present);
            feeds.for_each(|edge| reaches[edge.node] |= reaches[position]);
        }
        let shares = |other: &usize| *other == node || self.nodes[*other].shared == Some(node);
        (0..self.nodes.len()).filter(shares).any(|node| reaches[node])
    }

    /// The node that owns the branch of `node`.
    pub(crate) fn owner(&self, node: usize) -> &Node {
        &self.nodes[self.nodes[node].shared.unwrap_or(node)]
    }

    /// Whether the branch of a node is frozen.
    pub(crate) fn is_frozen(&self, node: usize) -> bool {
        self.owner(node).field.branch.as_ref().is_some_and(|branch| branch.frozen.is_some())
    }

    /// The consumers of `node`, without `present(node)`.
    pub(crate) fn consumers(&self, node: usize) -> impl Iterator<Item = usize> + '_ {
        (0..self.nodes.len()).filter(move |&other| {
            self.nodes[other].feeds.iter().any(|edge| edge.node == node && !edge.present)
        })
    }
}

/// Resolves names, sorts the nodes and propagates absence.
pub(crate) fn build(raw: RawModel, errors: &mut Diagnostics) -> Graph {
    let RawModel { head: model, fields } = raw;
    let known = fields.iter().map(|field| field.name.clone()).collect();
    let mut names = NodeNames { known, is_partial: model.is_partial, unknown: Vec::new() };
    let mut nodes: Vec<Node> =
        fields.into_iter().map(|field| resolve(field, &mut names, errors)).collect();
    only_inputs_are_taken(&mut nodes, errors);
    let order = order::sort(&mut nodes, errors);
    absence::propagate(&mut nodes, &order);
    if let Some(whole) = &model.part_of {
        absence::fill_as(whole, &mut nodes);
    }
    Graph { model, nodes, order }
}

fn resolve(field: Field, names: &mut NodeNames, errors: &mut Diagnostics) -> Node {
    let operands: Vec<(Ident, bool)> = match &field.source {
        Some(Source::Merge(merge)) => merge
            .operands
            .iter()
            .map(|operand| (operand.node().clone(), matches!(operand, Operand::Present(_))))
            .collect(),
        Some(Source::From(name)) => vec![(name.clone(), false)],
        Some(Source::Input(_) | Source::Derived(_)) | None => Vec::new(),
    };
    let mut broken = field.source.is_none();
    let mut feeds = Vec::new();
    let mut made_of = Vec::new();
    if let Some(Source::Derived(derived)) = &field.source {
        for name in &derived.inputs {
            match names.position(&field, name, errors) {
                Some(node) => made_of.push(Edge { node, present: false, name: name.clone() }),
                None => broken = true,
            }
        }
    }
    for (name, present) in operands {
        match names.position(&field, &name, errors) {
            Some(node) => feeds.push(Edge { node, present, name }),
            None => broken = true,
        }
    }
    let shared_name = field.branch.as_ref().and_then(|branch| branch.shared.clone());
    let shared = shared_name.as_ref().and_then(|name| names.position(&field, name, errors));
    broken |= shared_name.is_some() && shared.is_none();
    let vocabulary_name = match &field.source {
        Some(Source::Input(input)) => input.steps.iter().find_map(Step::shared_with).cloned(),
        _ => None,
    };
    let vocabulary_of = vocabulary_name.and_then(|name| {
        let node = names.position(&field, &name, errors)?;
        Some(Edge { node, present: false, name })
    });
    Node { field, feeds, made_of, vocabulary_of, broken, shared, absence: None }
}

/// Reports derivations from nodes other than inputs, and repeated inputs; keeps only edges from
/// inputs.
fn only_inputs_are_taken(nodes: &mut [Node], errors: &mut Diagnostics) {
    for index in 0..nodes.len() {
        let made_of = std::mem::take(&mut nodes[index].made_of);
        for (count, edge) in made_of.iter().enumerate() {
            if let Some(mistake) = derived_mistake(nodes, index, edge, &made_of[..count]) {
                errors.at(edge.name.span(), mistake);
                nodes[index].broken = true;
            }
        }
        let from_inputs = made_of.into_iter().filter(|edge| nodes[edge.node].is_input());
        nodes[index].made_of = from_inputs.collect();
    }
}

/// The mistake in an input that the node `index` names after `before`.
fn derived_mistake(nodes: &[Node], index: usize, edge: &Edge, before: &[Edge]) -> Option<String> {
    let (field, Edge { node, name, .. }) = (nodes[index].name(), edge);
    if *node == index {
        return Some(format!("`{field}` cannot be derived of itself: name inputs"));
    }
    if !nodes[*node].is_input() && nodes[*node].field.source.is_some() {
        return Some(format!(
            "`{field}`: `{name}` is no input, and what is derived is made of what rows hold"
        ));
    }
    let twice = before.iter().any(|other| other.node == *node);
    twice.then(|| format!("`{field}`: `{name}` is named twice"))
}

/// The names of the nodes.
struct NodeNames {
    known: Vec<Ident>,
    /// Whether there may be others.
    is_partial: bool,
    /// What nodes refer to and no node is called. A name that several nodes refer to is one mistake,
    /// which is at the node of that name.
    unknown: Vec<Ident>,
}

impl NodeNames {
    /// The index of the node called `name`, which `field` refers to.
    fn position(&mut self, field: &Field, name: &Ident, errors: &mut Diagnostics) -> Option<usize> {
        let found = self.known.iter().position(|known| known == name);
        if found.is_none() && !self.unknown.contains(name) {
            let known: Vec<String> = self.known.iter().map(Ident::to_string).collect();
            let near = suggest(&name.to_string(), known.iter().map(String::as_str));
            let field = &field.name;
            if !self.is_partial || !near.is_empty() {
                errors.at(name.span(), format!("`{field}`: there is no node `{name}`{near}"));
            }
            self.unknown.push(name.clone());
        }
        found
    }
}
