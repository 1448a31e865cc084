//! What a model's rows are: the types of them, and as constant data what each column holds and what is
//! made of it before it reaches the model.

mod overflow;
pub mod stage;
mod tables;

use std::fmt;

use multi_input_spec as spec;

pub(crate) use self::overflow::RESERVED;
pub use self::{
    overflow::{Overflow, VocabularySize},
    stage::{Derivation, Stage},
};
use crate::{columns::RowSpec, Content, RowReader, RowWriter};

/// The rows of a model, whatever the model.
pub trait RowTypes: Sized + 'static {
    /// One raw row to predict from.
    type Inputs;
    /// One raw row to train on: the inputs and the targets.
    type Sample: Send;
    /// What is predicted for one row, in the user's units.
    type Outputs;

    /// What the columns hold.
    const SCHEMA: Schema;

    /// How the fields of a sample are found in columns: the inputs, and then the targets; `None` where
    /// that is its own business.
    const SAMPLE_ROW: Option<&'static RowSpec> = None;

    /// Appends a row's inputs, in the order of [`Schema::inputs`].
    fn write_inputs(inputs: &Self::Inputs, row: &mut RowWriter<'_>);

    /// Appends a row's inputs and then its targets, in the order of [`Schema::targets`].
    fn write_sample(sample: &Self::Sample, row: &mut RowWriter<'_>);

    /// One row of predictions, in the order of [`Schema::targets`].
    fn read_outputs(row: &mut RowReader<'_>) -> Self::Outputs;
}

/// The columns of a model's rows as constant data.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// The struct's name.
    pub name: &'static str,
    /// The inputs, in the order of their declaration.
    pub inputs: &'static [Input],
    /// The nodes that are derived of inputs, in the order of their declaration.
    pub derived: &'static [Derived],
    /// The targets, in the order of the outputs' declaration.
    pub targets: &'static [Target],
}

impl Schema {
    /// How many columns of a preprocessed table come before its targets: those of the inputs, and
    /// of what is derived of them.
    pub fn encoded_columns(&self) -> usize {
        self.inputs.len() + self.derived.len()
    }
}

/// An input: what the user's rows hold, before any preprocessing.
#[derive(Clone, Copy, Debug)]
pub struct Input {
    /// The field's name.
    pub name: &'static str,
    /// What its elements stand for.
    pub kind: Content,
    /// The shape of one raw value; empty for one category or text, the channels of a picture.
    pub shape: &'static [usize],
    /// What stands in for a value that is absent; `None` where the type is not an `Option`.
    pub missing: Option<Missing>,
    /// The preprocessing, in order.
    pub steps: &'static [Step],
}

/// A step of preprocessing as the user wrote it.
#[derive(Clone, Copy)]
pub struct Step {
    /// Its name and its parameters.
    pub spec: &'static spec::step::Step,
    /// The value of every parameter.
    pub arguments: &'static [spec::Value],
    /// What one row holds before it.
    pub input: spec::Shape,
    /// What one row holds after it.
    pub output: spec::Shape,
    /// The place among [`Schema::inputs`] of the input whose vocabulary it takes, where that is not
    /// its own.
    pub vocabulary_of: Option<usize>,
    /// What it does.
    pub stage: &'static dyn Stage,
}

impl Step {
    /// The value of the parameter `name`.
    pub fn argument(&self, name: &str) -> spec::Value {
        argument(self.spec.parameters, self.arguments, name)
    }
}

/// As the user could write it: `words(vocabulary = 10000, length = 100)`.
impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given = say_arguments(self.spec.parameters, self.arguments);
        f.write_str(self.spec.name)?;
        if given.is_empty() {
            return Ok(());
        }
        write!(f, "({})", given.join(", "))
    }
}

/// A node that is made of the raw values of inputs.
#[derive(Clone, Copy)]
pub struct Derived {
    /// The field's name.
    pub name: &'static str,
    /// Its derivation's name and its parameters.
    pub spec: &'static spec::derived::Derivation,
    /// The places among [`Schema::inputs`] of what it is made of.
    pub inputs: &'static [usize],
    /// The value of every parameter.
    pub arguments: &'static [spec::Value],
    /// What one row holds of it.
    pub output: spec::Shape,
    /// What it does.
    pub derivation: &'static dyn Derivation,
}

impl Derived {
    /// The value of the parameter `name`.
    pub fn argument(&self, name: &str) -> spec::Value {
        argument(self.spec.parameters, self.arguments, name)
    }
}

/// As the user could write it, with the places of the inputs: `crossed(0, 2, buckets = 1000)`.
impl fmt::Debug for Derived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inputs = self.inputs.iter().map(usize::to_string);
        let given = say_arguments(self.spec.parameters, self.arguments);
        let all: Vec<String> = inputs.chain(given).collect();
        write!(f, "{}({})", self.spec.name, all.join(", "))
    }
}

/// The value of the parameter `name` among `arguments`.
fn argument(parameters: &[spec::Parameter], arguments: &[spec::Value], name: &str) -> spec::Value {
    let place = parameters.iter().position(|parameter| parameter.name == name);
    place.and_then(|place| arguments.get(place)).copied().unwrap_or(spec::Value::Absent)
}

/// The arguments that are given, as the user could write them.
fn say_arguments(parameters: &[spec::Parameter], arguments: &[spec::Value]) -> Vec<String> {
    let last = parameters.len().saturating_sub(1);
    let given = arguments.iter().enumerate().filter_map(|(place, value)| {
        let parameter = parameters.get(place.min(last))?;
        let value = say(value)?;
        Some(match parameter.kind.is_list() {
            true => value,
            false => format!("{} = {value}", parameter.name),
        })
    });
    given.collect()
}

/// A value as the user could write it; nothing where it was left out.
fn say(value: &spec::Value) -> Option<String> {
    Some(match value {
        // Where a file lies, or that it was moved, is no part of a model.
        spec::Value::Absent | spec::Value::Tokenizer(_) => return None,
        spec::Value::Size(size) => size.get().to_string(),
        spec::Value::Number(number) => number.to_string(),
        spec::Value::Flag(flag) => flag.to_string(),
        spec::Value::Word(word) => (*word).to_owned(),
        spec::Value::Numbers(numbers) => format!("{numbers:?}"),
        other => format!("{other:?}"),
    })
}

/// What stands in for an absent input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Zeros, in place of the branch's output.
    Zeros,
    /// The mean of the present training values, in place of the raw number.
    Mean,
    /// A vector that is trained, in place of the branch's output.
    Learned,
}

/// What rows hold to compare an output with.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The output field's name.
    pub name: &'static str,
    /// What the rows hold.
    pub kind: TargetKind,
    /// How many numbers the output gives for a sample.
    pub width: usize,
    /// What is made of the target for training, in order; predictions and metrics are in the
    /// user's unit.
    pub steps: &'static [Step],
    /// Whether rows hold the label of a class, which is learned from the training rows.
    pub labels: bool,
    /// Whether rows may lack the target: its type is an `Option`.
    pub optional: bool,
}

/// The type of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetKind {
    /// `f32` or `[f32; N]`.
    Numbers,
    /// `f64` or `[f64; N]`.
    Doubles,
    /// `bool`.
    Flag,
    /// `Class<N>`.
    Class,
}

impl TargetKind {
    /// Whether rows hold numbers, rather than a class or a flag.
    pub fn is_numbers(self) -> bool {
        matches!(self, TargetKind::Numbers | TargetKind::Doubles)
    }
}
