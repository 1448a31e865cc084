//! [`RawModel`] to [`Graph`]: names become edges, and the nodes an order.

mod absence;
mod order;

use multi_input_spec::{Activation, Target};
use proc_macro2::Ident;

use crate::{
    diagnostics::Diagnostics,
    parse::{Element, Field, Head, Missing, Operand, RawModel, Source, Step},
    suggest::suggest,
};

pub(crate) use absence::Absence;

/// The model as a graph.
pub(crate) struct Graph {
    pub(crate) model: Head,
    /// In the order of their declaration.
    pub(crate) nodes: Vec<Node>,
    /// The positions of the nodes, each after those that feed it; without those on a cycle.
    pub(crate) order: Vec<usize>,
}

/// A field with its edges.
pub(crate) struct Node {
    pub(crate) field: Field,
    /// The operands in order; none for an input.
    pub(crate) feeds: Vec<Edge>,
    /// The inputs whose raw values it is made of; none unless it is derived.
    pub(crate) made_of: Vec<Edge>,
    /// The input whose vocabulary its first step takes.
    pub(crate) vocabulary_of: Option<Edge>,
    /// Something that feeds it is not known, so nothing is known of its shape.
    pub(crate) broken: bool,
    /// The node whose branch is used here too.
    pub(crate) shared: Option<usize>,
    /// The optional input without which this node has no value.
    pub(crate) absence: Option<Absence>,
}

/// One operand.
#[derive(Clone)]
pub(crate) struct Edge {
    pub(crate) node: usize,
    /// `present(node)` rather than the node's value.
    pub(crate) present: bool,
    /// The user's token.
    pub(crate) name: Ident,
}

impl Node {
    /// The field's name.
    pub(crate) fn name(&self) -> &Ident {
        &self.field.name
    }

    /// What it is compared with as an output; `None` where its type says nothing of the kind.
    pub(crate) fn target(&self) -> Option<Target> {
        match self.field.ty.as_ref()?.element {
            Element::F32 | Element::F64 => Some(Target::Numbers),
            Element::Bool => Some(Target::Flag),
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

    /// For an output whose loss is computed from logits: what makes predictions of them.
    pub(crate) fn link(&self) -> Option<Activation> {
        self.field.output.as_ref()?.loss.as_ref()?.spec.link
    }

    /// What feeds it, as the user wrote it.
    pub(crate) fn source_text(&self) -> String {
        match &self.field.source {
            Some(Source::Merge(merge)) => merge.text.clone(),
            Some(Source::From(name)) => format!("from({name})"),
            Some(Source::Derived(derived)) => derived.text.clone(),
            _ => "input".to_owned(),
        }
    }

    /// Whether a vector is learned that stands in where the node is absent.
    pub(crate) fn learns_a_stand_in(&self) -> bool {
        self.absence.is_some_and(|absence| absence.filled && absence.policy == Missing::Learned)
    }

    /// Whether it is an input.
    pub(crate) fn is_input(&self) -> bool {
        matches!(self.field.source, Some(Source::Input(_)))
    }

    /// Whether it is made of the raw values of inputs.
    pub(crate) fn is_derived(&self) -> bool {
        matches!(self.field.source, Some(Source::Derived(_)))
    }
}

impl Graph {
    /// The positions of the inputs, in the order of their declaration.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.nodes.len()).filter(|&node| self.nodes[node].is_input())
    }

    /// The positions of the derived nodes, in the order of their declaration.
    pub(crate) fn derived(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.nodes.len()).filter(|&node| self.nodes[node].is_derived())
    }

    /// What flows into the graph, each with its column among the preprocessed ones: the inputs, and
    /// behind all of them the derived nodes.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let columns = self.inputs().chain(self.derived()).enumerate();
        columns.filter(|(_, node)| !self.ends_in_derivations(*node))
    }

    /// Whether an input is there for what is made of its raw values, and flows nowhere itself.
    pub(crate) fn ends_in_derivations(&self, node: usize) -> bool {
        let takes = |edges: &[Edge]| edges.iter().any(|edge| edge.node == node);
        self.nodes.iter().any(|other| takes(&other.made_of))
            && !self.nodes.iter().any(|other| takes(&other.feeds))
    }

    /// The positions of the outputs, in the order of their declaration.
    pub(crate) fn outputs(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.nodes.len()).filter(|&node| self.nodes[node].field.output.is_some())
    }

    /// The node where the branch is written that `node` uses.
    pub(crate) fn owner(&self, node: usize) -> &Node {
        &self.nodes[self.nodes[node].shared.unwrap_or(node)]
    }

    /// Whether the branch that a node uses is frozen.
    pub(crate) fn is_frozen(&self, node: usize) -> bool {
        self.owner(node).field.branch.as_ref().is_some_and(|branch| branch.frozen.is_some())
    }

    /// The nodes that `node` feeds, `present(node)` apart.
    pub(crate) fn consumers(&self, node: usize) -> impl Iterator<Item = usize> + '_ {
        (0..self.nodes.len()).filter(move |&other| {
            self.nodes[other].feeds.iter().any(|edge| edge.node == node && !edge.present)
        })
    }
}

/// Resolves every name, sorts the nodes and follows absence through them.
pub(crate) fn build(raw: RawModel, errors: &mut Diagnostics) -> Graph {
    let RawModel { head: model, fields } = raw;
    let names: Vec<Ident> = fields.iter().map(|field| field.name.clone()).collect();
    let mut nodes: Vec<Node> =
        fields.into_iter().map(|field| resolve(field, &names, errors)).collect();
    only_inputs_are_taken(&mut nodes, errors);
    let order = order::sort(&mut nodes, errors);
    absence::follow(&mut nodes, &order);
    Graph { model, nodes, order }
}

fn resolve(field: Field, names: &[Ident], errors: &mut Diagnostics) -> Node {
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
            match position(&field, name, names, errors) {
                Some(node) => made_of.push(Edge { node, present: false, name: name.clone() }),
                None => broken = true,
            }
        }
    }
    for (name, present) in operands {
        match position(&field, &name, names, errors) {
            Some(node) => feeds.push(Edge { node, present, name }),
            None => broken = true,
        }
    }
    let shared_name = field.branch.as_ref().and_then(|branch| branch.shared.clone());
    let shared = shared_name.as_ref().and_then(|name| position(&field, name, names, errors));
    broken |= shared_name.is_some() && shared.is_none();
    let vocabulary_name = match &field.source {
        Some(Source::Input(input)) => input.steps.iter().find_map(Step::shared_with).cloned(),
        _ => None,
    };
    let vocabulary_of = vocabulary_name.and_then(|name| {
        let node = position(&field, &name, names, errors)?;
        Some(Edge { node, present: false, name })
    });
    Node { field, feeds, made_of, vocabulary_of, broken, shared, absence: None }
}

/// Reports what is derived of anything but inputs, or of one of them twice; only edges from inputs
/// stay.
fn only_inputs_are_taken(nodes: &mut [Node], errors: &mut Diagnostics) {
    for place in 0..nodes.len() {
        let made_of = std::mem::take(&mut nodes[place].made_of);
        for (count, edge) in made_of.iter().enumerate() {
            if let Some(mistake) = derived_mistake(nodes, place, edge, &made_of[..count]) {
                errors.at(edge.name.span(), mistake);
                nodes[place].broken = true;
            }
        }
        let from_inputs = made_of.into_iter().filter(|edge| nodes[edge.node].is_input());
        nodes[place].made_of = from_inputs.collect();
    }
}

/// What is wrong with an input that the node at `place` names after those `before`.
fn derived_mistake(nodes: &[Node], place: usize, edge: &Edge, before: &[Edge]) -> Option<String> {
    let (field, Edge { node, name, .. }) = (nodes[place].name(), edge);
    if *node == place {
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

/// The node called `name`, which `field` speaks of.
fn position(
    field: &Field,
    name: &Ident,
    names: &[Ident],
    errors: &mut Diagnostics,
) -> Option<usize> {
    let found = names.iter().position(|known| known == name);
    if found.is_none() {
        let known: Vec<String> = names.iter().map(Ident::to_string).collect();
        let near = suggest(&name.to_string(), known.iter().map(String::as_str));
        let field = &field.name;
        errors.at(name.span(), format!("`{field}`: there is no node `{name}`{near}"));
    }
    found
}
