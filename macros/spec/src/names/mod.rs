//! The names by which Keras, PyTorch, TensorFlow, scikit-learn, pandas and dfdx call what is here, and
//! what to use for what is not. Each row of the tables has its own other names
//! ([`Doc::also`](crate::Doc::also)); here are those of attributes, options, arguments and words.

mod absent;
mod arguments;
mod attributes;
#[cfg(test)]
mod tests;

pub use absent::{Absent, ABSENT};
pub use arguments::{ARGUMENTS, WITHOUT, WORDS};
pub use attributes::{
    ATTRIBUTES, EXPORT_FORMATS, EXPORT_OPTIONS, INPUT_OPTIONS, INPUT_RULES, MODEL_OPTIONS,
    OUTPUT_OPTIONS, OUTPUT_RULES,
};

use crate::{
    derived::{arithmetic::FUNCTIONS, DERIVATIONS},
    layer::LAYERS,
    merge::MERGES,
    step::STEPS,
    ACTIVATIONS, LOSSES, METRICS,
};

/// What a name can be the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A layer of a branch.
    Layer,
    /// An activation.
    Activation,
    /// A rule of `#[merge(...)]`.
    Merge,
    /// A loss.
    Loss,
    /// A metric.
    Metric,
    /// A preprocessing step.
    Step,
    /// A derivation of `#[derived(...)]`.
    Derivation,
    /// A function of the arithmetic of `#[derived(...)]`.
    Function,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 8] = [
        Kind::Layer,
        Kind::Activation,
        Kind::Merge,
        Kind::Loss,
        Kind::Metric,
        Kind::Step,
        Kind::Derivation,
        Kind::Function,
    ];

    /// `layer`, `preprocessing step`.
    pub const fn in_words(self) -> &'static str {
        match self {
            Kind::Layer => "layer",
            Kind::Activation => "activation",
            Kind::Merge => "merge",
            Kind::Loss => "loss",
            Kind::Metric => "metric",
            Kind::Step => "step",
            Kind::Derivation => "derivation",
            Kind::Function => "function",
        }
    }

    /// Where something of this kind is written, with `name` in it.
    pub fn written(self, name: &str) -> String {
        match self {
            Kind::Layer | Kind::Activation => format!("#[branch({name})]"),
            Kind::Merge => format!("#[merge({name}(first, second))]"),
            Kind::Loss => format!("#[output(loss = {name})]"),
            Kind::Metric => format!("#[output(metrics({name}))]"),
            Kind::Step => format!("#[input({name})]"),
            Kind::Derivation | Kind::Function => format!("#[derived({name}(first, second))]"),
        }
    }

    /// The names of this kind, each with its other names.
    pub fn names(self) -> Vec<Named> {
        match self {
            Kind::Layer => LAYERS.iter().map(|row| Named(row.name, row.doc.also)).collect(),
            Kind::Activation => ACTIVATIONS.iter().map(|row| Named(row.1, row.0.also())).collect(),
            Kind::Merge => MERGES.iter().map(|row| Named(row.name, row.doc.also)).collect(),
            Kind::Loss => LOSSES.iter().map(|row| Named(row.name(), row.doc.also)).collect(),
            Kind::Metric => METRICS.iter().map(|row| Named(row.name, row.doc.also)).collect(),
            Kind::Step => STEPS.iter().map(|row| Named(row.name, row.doc.also)).collect(),
            Kind::Derivation => {
                DERIVATIONS.iter().map(|row| Named(row.name, row.doc.also)).collect()
            }
            Kind::Function => FUNCTIONS.iter().map(|row| Named(row.0, &[])).collect(),
        }
    }

    /// The name here of what is called `given` elsewhere.
    pub fn find(self, given: &str) -> Option<&'static str> {
        find(&self.names(), given)
    }

    /// What to use for something called `given` that does not exist here.
    pub fn absent(self, given: &str) -> Option<&'static str> {
        let of_kind = ABSENT.iter().filter(|row| row.kind == self);
        of_kind
            .filter(|row| row.names.iter().any(|name| is_same(name, given)))
            .map(|row| row.instead)
            .next()
    }
}

/// A name with the other names of the same thing.
#[derive(Clone, Copy, Debug)]
pub struct Named(pub &'static str, pub &'static [&'static str]);

/// The name among `names` of what is called `given`: by its own name, else by another.
pub fn find(names: &[Named], given: &str) -> Option<&'static str> {
    let own = names.iter().find(|Named(name, _)| is_same(name, given));
    let other = || names.iter().find(|Named(_, also)| also.iter().any(|name| is_same(name, given)));
    own.or_else(other).map(|Named(name, _)| *name)
}

/// Whether two names differ in nothing that makes a difference.
pub fn is_same(name: &str, given: &str) -> bool {
    let (name, given) = (letters(name), letters(given));
    name == given || without_suffix(&name) == without_suffix(&given)
}

/// The letters and digits in lower case.
fn letters(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// `mse` of `mseloss`.
fn without_suffix(letters: &str) -> &str {
    let suffixes = ["loss", "layer", "metric"];
    let bare = suffixes.iter().find_map(|suffix| letters.strip_suffix(suffix));
    bare.filter(|bare| !bare.is_empty()).unwrap_or(letters)
}
