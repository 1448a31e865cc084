//! Warnings about likely mistakes: the rule of every [`Lint`].

mod constant;
mod idle;
mod pictures;

use multi_input_spec::{Activation, Size};
use proc_macro2::Span;

use crate::{
    check::CheckedGraph,
    graph::Node,
    lint::Lint,
    parse::{Argument, Element, LayerKind, Source},
    shape::{Module, ShapedLayer},
};

/// A likely mistake.
pub(crate) struct Warning {
    /// The rule that found it.
    pub(crate) lint: Lint,
    /// The problem, and what was probably intended.
    pub(crate) text: String,
    /// The user's token.
    pub(crate) span: Span,
}

type Findings = Vec<(Span, String)>;
type Rule = fn(&CheckedGraph, usize) -> Findings;

/// The function of a rule, which checks one node; `None` for a rule about a data file.
fn rule(lint: Lint) -> Option<Rule> {
    Some(match lint {
        Lint::ReluHead => relu_head,
        Lint::BoundedHead => bounded_head,
        Lint::DropoutHead => dropout_head,
        Lint::SingleClass => single_class,
        Lint::Bottleneck => bottleneck,
        Lint::LinearStack => linear_stack,
        Lint::DoubledActivation => doubled_activation,
        Lint::TwoVocabularies => two_vocabularies,
        Lint::NoLoss => no_loss,
        Lint::Untrained => untrained,
        Lint::NothingToTrain => idle::nothing_to_train,
        Lint::ZeroWeight => idle::zero_weight,
        Lint::NoEffect => idle::no_effect,
        Lint::SameOperand => idle::same_operand,
        Lint::SingleCategory => constant::single_category,
        Lint::SoftmaxOfOne => constant::softmax_of_one,
        Lint::NormOfOne => constant::norm_of_one,
        Lint::CosineOfOne => constant::cosine_of_one,
        Lint::ChannelsLast => pictures::channels_last,
        Lint::AbsentData
        | Lint::UnusedColumns
        | Lint::ConstantColumn
        | Lint::FullVocabulary
        | Lint::CutTexts
        | Lint::Uncounted => return None,
    })
}

/// Applies every rule that is not silenced.
pub(crate) fn warn(checked: &CheckedGraph) -> Vec<Warning> {
    let graph = &checked.graph;
    let lints = Lint::ALL.into_iter().filter(|lint| !graph.model.options.allowed.contains(lint));
    lints
        .filter_map(|lint| Some((lint, rule(lint)?)))
        .flat_map(|(lint, rule)| {
            let found = (0..graph.nodes.len()).flat_map(move |node| rule(checked, node));
            found.map(move |(span, text)| Warning { lint, text, span })
        })
        .collect()
}

fn relu_head(checked: &CheckedGraph, node: usize) -> Findings {
    let Some((layer, Activation::Relu)) = regression_head(checked, node) else { return Vec::new() };
    let name = checked.graph.nodes[node].name();
    let text = format!(
        "`{name}` ends in `relu`: it never predicts less than 0, and learns nothing from rows for \
         which it gives 0; leave the activation out, or use `softplus`"
    );
    vec![(layer.end, text)]
}

fn bounded_head(checked: &CheckedGraph, node: usize) -> Findings {
    let written = &checked.graph.nodes[node];
    let steps = written.field.output.iter().flat_map(|output| &output.steps);
    let standardized = steps.into_iter().any(|step| step.spec.name == "standardize");
    let head = regression_head(checked, node).filter(|_| standardized);
    let Some((layer, activation)) = head else { return Vec::new() };
    let range = match activation {
        Activation::Sigmoid => "0 to 1",
        Activation::Tanh => "-1 to 1",
        Activation::Softplus => "what is above 0",
        _ => return Vec::new(),
    };
    let (name, activation) = (written.name(), activation.name());
    let text = format!(
        "`{name}` ends in `{activation}`, which gives {range}, but a standardised target lies on \
         both sides of 0 and goes beyond 1; leave the activation out"
    );
    vec![(layer.end, text)]
}

fn dropout_head(checked: &CheckedGraph, node: usize) -> Findings {
    let is_output = checked.graph.nodes[node].field.output.is_some();
    let last = last_layer(checked, node).filter(|layer| is_output && is(layer, "Dropout"));
    let name = checked.graph.nodes[node].name();
    let text = format!(
        "`{name}` ends in a Dropout, which sets predictions to 0 at random in training; put it \
         before the last layer"
    );
    last.map(|layer| (layer.span, text)).into_iter().collect()
}

fn single_class(checked: &CheckedGraph, node: usize) -> Findings {
    let node = &checked.graph.nodes[node];
    match &node.field.ty {
        Some(ty) => match &ty.element {
            Element::Class(classes) if classes.value == Size::Known(1) => {
                let name = node.name();
                vec![(ty.span, format!("`{name}` is one of 1 class, so there is nothing to learn"))]
            }
            _ => Vec::new(),
        },
        None => Vec::new(),
    }
}

fn bottleneck(checked: &CheckedGraph, node: usize) -> Findings {
    let layers = own_layers(checked, node);
    // `Thresholds` takes a single number; a norm of one has a warning of its own.
    let learns = |layer: &ShapedLayer| {
        let is_meant = is(layer, "Thresholds") || constant::is_norm_of_one(layer);
        layer.known_count() != Some(0) && !is_meant
    };
    let narrow = layers.iter().enumerate().find(|(index, layer)| {
        layer.output.shape.elements() == Size::Known(1)
            // A `softmax` of one number has a warning of its own.
            && layer.module.last_activation() != Some(Activation::Softmax)
            && layer.input.shape.elements().differs(Size::Known(1))
            && layers[index + 1..].iter().any(learns)
    });
    let name = checked.graph.nodes[node].name();
    let finding = |(_, layer): (usize, &ShapedLayer)| {
        let text = format!(
            "`{name}`: all that comes after `{}` sees a single number; give it more units",
            layer.text
        );
        (layer.span, text)
    };
    narrow.map(finding).into_iter().collect()
}

fn linear_stack(checked: &CheckedGraph, node: usize) -> Findings {
    let written = &checked.graph.nodes[node];
    let layers = own_layers(checked, node);
    // Ignored between two linear layers: both are linear in inference.
    let is_ignored = |layer: &&ShapedLayer| is(layer, "Dropout") || is(layer, "BatchNorm");
    let stacked = layers.iter().enumerate().filter(|(index, layer)| {
        let next = layers[index + 1..].iter().find(|layer| !is_ignored(layer));
        is(layer, "Dense")
            && !names_an_activation(written, *index)
            && next.is_some_and(|next| is(next, "Dense"))
    });
    stacked
        .map(|(_, layer)| {
            let (name, text) = (written.name(), &layer.text);
            let text = format!(
                "`{name}`: without an activation, `{text}` and the `Dense` after it are one linear \
                 layer; give it one, such as `relu`, or `linear` where that is meant"
            );
            (layer.span, text)
        })
        .collect()
}

fn doubled_activation(checked: &CheckedGraph, node: usize) -> Findings {
    let layers = own_layers(checked, node);
    let doubled = layers.windows(2).filter_map(|pair| match (&pair[1].module, ends_in(&pair[0])) {
        (Module::Activation { activation, name }, Some(before)) if *activation == before => {
            Some(name)
        }
        _ => None,
    });
    let node = checked.graph.nodes[node].name();
    doubled.map(|name| (name.span(), format!("`{node}`: `{name}` twice in a row"))).collect()
}

/// A table that two inputs index by different vocabularies: one word has two vectors, and two words
/// share one.
fn two_vocabularies(checked: &CheckedGraph, node: usize) -> Findings {
    let node = &checked.graph.nodes[node];
    let Some(owner) = node.shared.map(|owner| &checked.graph.nodes[owner]) else {
        return Vec::new();
    };
    let learns = |node: &Node| match &node.field.source {
        Some(Source::Input(input)) => input.steps.last().map(|step| step.spec.name),
        _ => None,
    };
    let step = learns(node).filter(|step| matches!(*step, "words" | "categories"));
    let (Some(step), None, None) = (step, &node.vocabulary_of, &owner.vocabulary_of) else {
        return Vec::new();
    };
    if learns(owner) != Some(step) {
        return Vec::new();
    }
    let (name, owner) = (node.name(), owner.name());
    let span = node.field.branch.as_ref().and_then(|branch| branch.shared.as_ref());
    let text = format!(
        "`{name}` looks up the table of `{owner}` by a vocabulary of its own, so that what is one word \
         here is another there; write `{step}(.., shared = {owner})`"
    );
    vec![(span.map_or_else(|| name.span(), |shared| shared.span()), text)]
}

/// A model that only predicts, reported at its first output.
fn no_loss(checked: &CheckedGraph, node: usize) -> Findings {
    let graph = &checked.graph;
    let first = graph.outputs().next().is_none() && graph.values().next() == Some(node);
    let Some(span) = graph.nodes[node].field.value.filter(|_| first) else { return Vec::new() };
    let (name, model) = (graph.nodes[node].name(), &graph.model.name);
    let text = format!(
        "`{name}` has no loss, nor has another output of `{model}`, so that the model is not trained; \
         write `#[output(loss = ...)]`"
    );
    vec![(span, text)]
}

/// Layers that no loss reaches, in a model that is trained.
fn untrained(checked: &CheckedGraph, node: usize) -> Findings {
    let graph = &checked.graph;
    let learns = own_layers(checked, node).iter().find(|layer| layer.known_count() != Some(0));
    let trained = graph.outputs().next().is_none() || graph.is_frozen(node);
    let Some(layer) = learns.filter(|_| !trained && !graph.reaches_a_loss(node)) else {
        return Vec::new();
    };
    let name = graph.nodes[node].name();
    let text = format!(
        "`{name}`: no output with a loss depends on `{}`, so that it keeps its initial weights; give \
         `{name}` a loss, feed it on, or write `frozen` where its weights come from elsewhere",
        layer.text
    );
    vec![(layer.span, text)]
}

/// The last layer of a regression output, with its activation.
fn regression_head(checked: &CheckedGraph, node: usize) -> Option<(&ShapedLayer, Activation)> {
    let written = &checked.graph.nodes[node];
    // What a loss of the user's own takes is known to rustc alone.
    written.field.output.as_ref()?.loss.as_ref()?.named()?;
    // With a link, the loss applies the activation.
    if written.link().is_some() {
        return None;
    }
    let last = last_layer(checked, node)?;
    Some((last, ends_in(last)?))
}

/// The layer that computes a node's value, which may belong to another node.
fn last_layer(checked: &CheckedGraph, node: usize) -> Option<&ShapedLayer> {
    let (shape, source) = (&checked.shapes[node], &checked.graph.nodes[node].field.source);
    match (shape.layers.last(), source) {
        (None, Some(Source::From(_))) => {
            last_layer(checked, checked.graph.nodes[node].feeds[0].node)
        }
        (last, _) => last,
    }
}

/// The layers owned by a node, so that a shared branch is checked once.
fn own_layers(checked: &CheckedGraph, node: usize) -> &[ShapedLayer] {
    match checked.graph.nodes[node].shared {
        Some(_) => &[],
        None => &checked.shapes[node].layers,
    }
}

fn is(layer: &ShapedLayer, name: &str) -> bool {
    layer.module.call().is_some_and(|call| call.spec.name == name)
}

fn ends_in(layer: &ShapedLayer) -> Option<Activation> {
    match &layer.module {
        Module::Named(named) => named.activation,
        Module::Activation { activation, .. } => Some(*activation),
        Module::Custom { .. } => None,
    }
}

/// Whether the user wrote an activation, even `linear`, into layer number `index`.
fn names_an_activation(node: &Node, index: usize) -> bool {
    let layer = node.field.branch.as_ref().and_then(|branch| branch.layers.get(index));
    layer.is_some_and(|layer| match &layer.kind {
        LayerKind::Named { arguments, .. } => {
            arguments.iter().any(|argument| matches!(argument, Argument::Activation(..)))
        }
        _ => false,
    })
}
