//! The signature of a model, which decides whether a file belongs to it.

use std::path::Path;

use multi_input_spec::{
    rename::{self, BARE, SHARED},
    HeadForm,
};
use serde::{Deserialize, Serialize};

use super::{renames::Renames, CheckpointError};
use crate::definition::{Graph, Layer, Node, TargetKind};

/// A description of a model's inputs, nodes and outputs, in the order of the graph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Signature {
    model: String,
    parts: Vec<Part>,
}

/// A node, an input or an output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Part {
    name: String,
    is: String,
    /// The description with the names of inputs, where `is` has their indices, which differ between
    /// models that agree. Older files lack it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by_name: Option<String>,
    /// The name of the newtype of an input's or a target's values. Older files lack it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
}

impl Part {
    /// Whether it is a node without layers and without a stand-in.
    fn is_bare(&self) -> bool {
        self.name.starts_with("node ") && self.is.ends_with(BARE)
    }

    fn described(&self) -> (&str, &str) {
        (&self.name, &self.is)
    }

    /// Whether its values are of one newtype and those of the other part of another one. Without a
    /// newtype they may be in any unit.
    fn has_another_unit(&self, other: &Part) -> bool {
        matches!((&self.unit, &other.unit), (Some(own), Some(others)) if own != others)
    }

    /// The description with the unit.
    fn in_unit(&self) -> String {
        match &self.unit {
            Some(unit) => format!("{}, of the newtype `{unit}`", self.is),
            None => self.is.clone(),
        }
    }

    /// The descriptions by which parts of two models are compared.
    pub(crate) fn compared(&self, other: &Part) -> (String, String) {
        match (&self.by_name, &other.by_name) {
            (Some(own), Some(others)) => (own.clone(), others.clone()),
            _ if self.has_another_unit(other) => (self.in_unit(), other.in_unit()),
            _ => (self.is.clone(), other.is.clone()),
        }
    }
}

/// The first difference between two models.
struct Difference {
    name: String,
    expected: String,
    found: String,
}

impl Signature {
    pub(crate) fn of(graph: &Graph) -> Signature {
        let part = |what: &str, name: &str, is: String| Part {
            name: format!("{what} `{name}`"),
            is,
            by_name: None,
            unit: None,
        };
        let in_unit =
            |part: Part, unit: Option<&str>| Part { unit: unit.map(str::to_owned), ..part };
        let inputs = graph.inputs.iter().map(|input| {
            let (kind, shape, missing) = (input.kind, input.shape, input.missing);
            // Steps that only augment training rows are not part of a model.
            let steps: Vec<_> =
                input.steps.iter().filter(|step| !step.is_for_training_only()).collect();
            let is = format!("{kind} {shape:?}, missing {missing:?}, {steps:?}");
            in_unit(part("input", input.name, is), input.unit)
        });
        let derived = graph.derived.iter();
        let derived = derived.map(|derived| Part {
            by_name: Some(derived.by_name(graph.inputs)),
            ..part("derived node", derived.name, format!("{derived:?}"))
        });
        let nodes = graph.nodes.iter().map(|node| part("node", node.name, in_words(node)));
        let outputs = graph.outputs.iter().map(|output| {
            let width = output.width;
            let link = match output.loss.form().link {
                None => "Identity".to_owned(),
                Some(link) => format!("{link:?}"),
            };
            // The float type of the rows' targets is not part of a model.
            let target = match output.target.kind {
                TargetKind::Doubles => TargetKind::Numbers,
                others => others,
            };
            let (steps, labels) = (output.steps, if output.labels { ", by labels" } else { "" });
            // The numbers of a head of another width mean what the loss says.
            let parts = match output.loss.form().head {
                HeadForm::Target => String::new(),
                _ => format!(", a head of {} by {}", output.head, output.loss.name()),
            };
            let identity = match output.loss.identity() {
                identity if identity.is_empty() => identity,
                identity => format!(", {} of {identity}", output.loss.name()),
            };
            let learned = if output.learned_weight { ", of a learned weight" } else { "" };
            let is = format!(
                "{target:?} of {width} by {link}, {steps:?}{labels}{parts}{identity}{learned}"
            );
            in_unit(part("output", output.name, is), output.unit)
        });
        Signature {
            model: graph.name.to_owned(),
            parts: inputs.chain(derived).chain(nodes).chain(outputs).collect(),
        }
    }

    /// The signature in a file.
    pub(super) fn in_file(
        path: &Path,
        text: &str,
    ) -> std::result::Result<Signature, CheckpointError> {
        serde_json::from_str(text).map_err(|error| CheckpointError::Damaged {
            path: path.into(),
            reason: format!("its signature: {error}"),
        })
    }

    /// # Errors
    /// [`CheckpointError::OtherModel`] if the signature of a file is that of another model.
    pub(super) fn check(
        &self,
        path: &Path,
        file: &Signature,
    ) -> std::result::Result<(), CheckpointError> {
        self.difference(file).map_or(Ok(()), |Difference { name: place, expected, found }| {
            Err(CheckpointError::OtherModel { path: path.into(), place, expected, found })
        })
    }

    /// A part, such as `node` and `numbers`.
    pub(crate) fn part(&self, what: &str, name: &str) -> Option<&Part> {
        let name = format!("{what} `{name}`");
        self.parts.iter().find(|part| part.name == name)
    }

    /// The names of the nodes.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &str> {
        let names = self.parts.iter().filter_map(|part| part.name.strip_prefix("node `"));
        names.filter_map(|name| name.strip_suffix('`'))
    }

    /// With other names of nodes.
    pub(super) fn renamed(self, renames: &Renames) -> Signature {
        let parts = self.parts.into_iter().map(|part| Part {
            name: between_quotes(&part.name, renames),
            by_name: part.by_name.map(|text| rename::source(&text, |name| renames.node(name))),
            is: match part.name.starts_with("node ") {
                true => rename::node(&part.is, |name| renames.node(name)),
                false => part.is,
            },
            unit: part.unit,
        });
        Signature { model: self.model, parts: parts.collect() }
    }

    /// The first part in which the file's signature differs from this one.
    fn difference(&self, file: &Signature) -> Option<Difference> {
        // A bare node may be in one of the models alone: it has no weights, and what takes its value
        // names it.
        let compared = |parts: &[Part], others: &[Part]| -> Vec<Part> {
            let is_there = |part: &&Part| others.iter().any(|other| other.name == part.name);
            parts.iter().filter(|part| !part.is_bare() || is_there(part)).cloned().collect()
        };
        let own = compared(&self.parts, &file.parts);
        let others = compared(&file.parts, &self.parts);
        for index in 0..own.len().max(others.len()) {
            let (ours, theirs) = (own.get(index), others.get(index));
            let in_another_unit =
                ours.zip(theirs).is_some_and(|(ours, theirs)| ours.has_another_unit(theirs));
            if ours.map(Part::described) == theirs.map(Part::described) && !in_another_unit {
                continue;
            }
            let same_name = ours.map(|p| &p.name) == theirs.map(|p| &p.name);
            let describe = |part: Option<&Part>| match part {
                Some(part) if same_name => part.in_unit(),
                Some(part) => format!("{} ({})", part.name, part.is),
                None => "nothing".to_owned(),
            };
            let named = ours.or(theirs).map_or(String::new(), |part| part.name.clone());
            return Some(Difference {
                name: named,
                expected: describe(ours),
                found: describe(theirs),
            });
        }
        // A different model name alone is accepted: a renamed struct is the same model.
        None
    }
}

/// ``node `rooms` ``.
fn between_quotes(name: &str, renames: &Renames) -> String {
    let quoted =
        name.split_once('`').and_then(|(what, rest)| Some((what, rest.strip_suffix('`')?)));
    match quoted {
        Some((what, node)) => format!("{what}`{}`", renames.node(node)),
        None => name.to_owned(),
    }
}

fn in_words(node: &Node) -> String {
    let layers: Vec<String> = node
        .layers
        .iter()
        .map(|layer| format!("{}{} -> {:?}", layer.identity, numbers(layer), layer.shape))
        .collect();
    let shared = node.shared.map_or(String::new(), |other| format!("{SHARED}{other}"));
    let stand_in = match node.stand_in {
        0 => String::new(),
        size => format!(", stand-in of {size}"),
    };
    // Of a merge of the user's own also its settings, of which constants are named in the source.
    let own = node.own.map_or(String::new(), |own| format!(" by {own:?}"));
    let (source, from) = (node.source, node.input_shape);
    format!("{source}{own} {from:?} [{}]{shared}{stand_in}", layers.join(", "))
}

/// ` with epsilon = 0.001`.
fn numbers(layer: &Layer) -> String {
    let numbers: Vec<String> =
        layer.numbers.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    match numbers.is_empty() {
        true => String::new(),
        false => format!(" with {}", numbers.join(", ")),
    }
}
