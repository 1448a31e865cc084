//! The saved form of a model as lines, which say what the runtime compares on loading a file.

use multi_input_spec::{
    in_words,
    layer::{self, LayerTensor},
    rename::SHARED,
    step::Nature,
    Activation, HeadForm, Kind, Shape, Size, Target,
};

use proc_macro2::Span;

use super::{
    constants::{has_identity, literal, Constants},
    file::{Line, What},
    planned,
};
use crate::{
    check::CheckedGraph,
    parse::{DerivedBy, LossCall, Missing, NumberExpr, Source},
    plan::{NodePlan, Plan},
    shape::{self, Module, ShapedLayer, ShapedStep},
    text::{compact, plain},
    tuple,
};

pub(super) struct Form {
    /// Each with the index of the node that it is about.
    lines: Vec<(usize, Line)>,
    /// The layers of every node: the description of the node up to a layer, and the user's token.
    layers: Vec<Vec<(String, Span)>>,
}

impl Form {
    /// The form of a model. `known` has the values of constants, `written` has what the user wrote.
    pub(super) fn of(known: &CheckedGraph, written: &CheckedGraph, constants: &Constants) -> Form {
        let plan = planned(known);
        let describe = Describe { known, written, constants, plan };
        let graph = &known.graph;
        let mut lines = Vec::new();
        let mut push = |node: usize, what: What, name: String, is: String| {
            lines.push((node, Line { what, name, is }));
        };
        let name = |node: usize| plain(graph.nodes[node].name());
        graph.inputs().for_each(|node| push(node, What::Input, name(node), describe.input(node)));
        for node in graph.derived() {
            push(node, What::Derived, name(node), describe.derived(node));
        }
        let mut layers = vec![Vec::new(); graph.nodes.len()];
        for &node in &graph.order {
            let (is, starts) = describe.node(node);
            push(node, What::Node, name(node), is);
            layers[node] = starts;
            describe.tensors(node).into_iter().for_each(|(name, is)| {
                push(node, What::Tensor, name, is);
            });
        }
        for node in graph.outputs() {
            push(node, What::Output, name(node), describe.output(node));
        }
        Form { lines, layers }
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().map(|(_, line)| line)
    }

    /// The lines about a node.
    pub(super) fn of_node(&self, node: usize) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(move |(other, _)| *other == node).map(|(_, line)| line)
    }

    /// The description of a node up to each of its layers, and the user's token for the layer.
    pub(super) fn layers(&self, node: usize) -> impl Iterator<Item = &(String, Span)> {
        self.layers[node].iter()
    }

    /// What depends on a constant that a node names.
    pub(super) fn depending_on(&self, node: usize) -> String {
        let tensors = self.of_node(node).filter(|line| line.what == What::Tensor);
        match super::compare::listed(tensors) {
            Some(tensors) => format!("the saved tensors {tensors}"),
            None => "saved models".to_owned(),
        }
    }
}

struct Describe<'a> {
    known: &'a CheckedGraph,
    written: &'a CheckedGraph,
    constants: &'a Constants,
    plan: Plan<'a>,
}

impl Describe<'_> {
    fn input(&self, position: usize) -> String {
        let (node, shapes) = (&self.known.graph.nodes[position], &self.known.shapes[position]);
        let (Some(Source::Input(input)), Some(raw)) = (&node.field.source, &shapes.raw) else {
            return String::new();
        };
        let encodes = |step: &ShapedStep| !step.call.spec.form.keeps_values;
        // The precision of numbers and the reading of texts are no part of a model.
        let kind = match raw.shape.kind {
            Kind::Numbers => "numbers".to_owned(),
            Kind::Categories if shapes.steps.iter().any(encodes) => "categories".to_owned(),
            Kind::Categories => categories(&self.plan.nodes[position]),
            Kind::Texts => "texts".to_owned(),
            Kind::Pictures => "pictures".to_owned(),
            Kind::Dates => "dates".to_owned(),
        };
        let lists = if raw.shape.is_list() { "lists of " } else { "" };
        let missing = match input.missing {
            None => "",
            Some((Missing::Zeros, _)) => ", missing = zeros",
            Some((Missing::Mean, _)) => ", missing = mean",
            Some((Missing::Learned, _)) => ", missing = learned",
        };
        format!("{lists}{kind} {}{missing}{}", sizes(&raw.shape), steps(&shapes.steps))
    }

    fn derived(&self, position: usize) -> String {
        let (node, shapes) = (&self.known.graph.nodes[position], &self.known.shapes[position]);
        let Some(Source::Derived(derived)) = &node.field.source else { return String::new() };
        let by = match &derived.by {
            DerivedBy::Named { spec, arguments } => {
                let names = node.made_of.iter().map(|edge| plain(&edge.name));
                let given = in_words(spec.parameters, &shape::values(arguments));
                let all: Vec<String> = names.chain(given).collect();
                format!("{}({})", spec.name, all.join(", "))
            }
            DerivedBy::Own(_) => derived.text.clone(),
            DerivedBy::Formula(operations) => {
                let number = |number: &NumberExpr| match number.value.is_nan() {
                    true => "?".to_owned(),
                    false => number.value.to_string(),
                };
                let operations: Vec<String> =
                    operations.iter().map(|operation| operation.in_words(&number)).collect();
                let names: Vec<String> =
                    node.made_of.iter().map(|edge| plain(&edge.name)).collect();
                format!("{} of ({})", operations.join(" "), names.join(", "))
            }
        };
        format!("{by}{}", steps(&shapes.steps))
    }

    /// The description of a node, with what it begins with up to each layer.
    fn node(&self, position: usize) -> (String, Vec<(String, Span)>) {
        let (graph, shapes) = (&self.known.graph, &self.known.shapes[position]);
        let node = &graph.nodes[position];
        let mut text = format!("{} {} [", node.source_text(), sizes(&shapes.input.shape));
        let mut starts = Vec::new();
        let written = &self.written.shapes[position].layers;
        for (index, (layer, written)) in shapes.layers.iter().zip(written).enumerate() {
            // Sizes that are constants are compared by the shapes alone.
            let (identity, numbers) = (&written.identity, self.numbers(written));
            let comma = if index > 0 { ", " } else { "" };
            text += &format!("{comma}{identity}{numbers} -> {}", sizes(&layer.output.shape));
            starts.push((text.clone(), layer.span));
        }
        text.push(']');
        if let Some(owner) = node.shared {
            text += &format!("{SHARED}{}", plain(graph.nodes[owner].name()));
        }
        if node.learns_a_stand_in() {
            text += &format!(", stand-in of {}", size(shapes.output.shape.elements()));
        }
        (text, starts)
    }

    /// ` with epsilon = 0.001`. Constant flags and axes are among them, as in a file.
    fn numbers(&self, layer: &ShapedLayer) -> String {
        let numbers =
            layer.numbers.iter().map(|(name, number)| match self.constants.real(number) {
                Some(value) => format!("{name} = {value}"),
                None => format!("{name} = ?"),
            });
        let numbers: Vec<String> = numbers.collect();
        match numbers.is_empty() {
            true => String::new(),
            false => format!(" with {}", numbers.join(", ")),
        }
    }

    /// The tensors of a node, by their names in saved files.
    fn tensors(&self, position: usize) -> Vec<(String, String)> {
        let (node, shapes) = (&self.known.graph.nodes[position], &self.known.shapes[position]);
        let name = plain(node.name());
        let held = &self.plan.nodes[position].layers;
        let held_by_node = held.len();
        let owned = held.iter().filter(|_| node.shared.is_none());
        let of_layers = owned.enumerate().flat_map(|(index, held)| {
            let path = tuple::path(index, held_by_node);
            let path: String = path.iter().map(|step| format!(".{step}")).collect();
            let start = format!("{name}{path}");
            match &held.layer.module {
                Module::Custom { module } => {
                    let module = compact(&quote::quote!(#module));
                    vec![(format!("{start}.*"), format!("those of {module}"))]
                }
                _ => tensors(held.layer)
                    .into_iter()
                    .map(|tensor| {
                        let dims = tensor.sizes.into_iter().map(size).collect::<Vec<_>>();
                        (format!("{start}.{}", tensor.name), format!("[{}]", dims.join(", ")))
                    })
                    .collect(),
            }
        });
        let stand_in = node
            .learns_a_stand_in()
            .then(|| (format!("{name}_missing"), sizes(&shapes.output.shape)));
        let weight =
            node.learns_its_weight().then(|| (format!("{name}_log_variance"), "[1]".to_owned()));
        of_layers.chain(stand_in).chain(weight).collect()
    }

    fn output(&self, position: usize) -> String {
        let (node, shapes) = (&self.known.graph.nodes[position], &self.known.shapes[position]);
        let Some(output) = &node.field.output else { return String::new() };
        let target = match node.target() {
            Some(Target::Flag) => "a flag",
            Some(Target::Flags) => "flags",
            Some(Target::Class) => "a class",
            _ => "numbers",
        };
        let width = shape::target(node).map_or(Size::Unknown, |target| target.shape.elements());
        let labels = if output.categories.is_some() { ", by labels" } else { "" };
        let loss = match &output.loss {
            Some(LossCall::Named(loss)) => {
                let name = loss.spec.name();
                let link = loss.spec.form.link.map_or("the identity", Activation::name);
                let head = match loss.spec.form.head {
                    HeadForm::Target => String::new(),
                    _ => format!(", {} numbers by {name}", size(shapes.output.shape.elements())),
                };
                let values = loss.values.iter().chain(&loss.listed).map(&number);
                let identity = match has_identity(name) {
                    true => format!(", {name}({})", values.collect::<Vec<_>>().join(", ")),
                    false => String::new(),
                };
                format!("by {link}{head}{identity}")
            }
            Some(LossCall::Own(own)) => format!("by {}", own.text),
            None => String::new(),
        };
        let learned = if node.learns_its_weight() { ", of a learned weight" } else { "" };
        let (width, steps) = (size(width), steps(&shapes.target_steps));
        format!("{target} of {width} {loss}{labels}{learned}{steps}")
    }
}

/// The categories of an input, which indexes tables of some sizes.
fn categories(plan: &NodePlan<'_>) -> String {
    let known = |size: Size| match size {
        Size::Known(size) => Some(size),
        Size::Unknown => None,
    };
    let sizes: Option<Vec<usize>> = plan.tables.iter().map(|table| known(table.value)).collect();
    match sizes.map(|sizes| sizes.into_iter().min()) {
        Some(Some(below)) => format!("categories below {below}"),
        Some(None) => "categories".to_owned(),
        None => "categories below ?".to_owned(),
    }
}

/// The tensors of a layer and of the layer in it.
fn tensors(layer: &ShapedLayer) -> Vec<LayerTensor> {
    let Some(call) = layer.module.call() else { return Vec::new() };
    let inner = call.inner.as_deref().map(tensors).unwrap_or_default();
    layer::tensors(call.spec, &call.input.shape, &call.values(), &inner)
}

/// `, [words(vocabulary = 100, length = 5)]`, without steps that only augment training rows.
fn steps(steps: &[ShapedStep]) -> String {
    let kept = steps.iter().filter(|step| step.call.spec.form.nature != Nature::Random);
    let steps = kept.map(|step| match &step.call.own {
        Some(own) => own.text.clone(),
        None => {
            let given = in_words(step.call.spec.parameters, &shape::values(&step.call.arguments));
            match given.is_empty() {
                true => step.call.spec.name.to_owned(),
                false => format!("{}({})", step.call.spec.name, given.join(", ")),
            }
        }
    });
    steps.map(|step| format!(", {step}")).collect()
}

/// A number as it is written to a lock.
fn number(tokens: &proc_macro2::TokenStream) -> String {
    literal(tokens).map_or_else(|| "?".to_owned(), |number| number.to_string())
}

/// `[10, 3]`.
fn sizes(shape: &Shape) -> String {
    let sizes: Vec<String> = (0..shape.rank()).map(|axis| size(shape.dim(axis))).collect();
    format!("[{}]", sizes.join(", "))
}

fn size(size: Size) -> String {
    match size {
        Size::Known(size) => size.to_string(),
        Size::Unknown => "?".to_owned(),
    }
}
