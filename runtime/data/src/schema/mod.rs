//! The row types of a model, and constant descriptions of its columns and of their preprocessing.

mod derivation;
mod overflow;
pub mod stage;
mod tables;

use std::fmt;

use multi_input_spec as spec;

#[cfg(feature = "onnx")]
pub use self::derivation::OnnxSource;
pub(crate) use self::overflow::RESERVED;
pub use self::{
    derivation::{Derivation, SourceRow, Sources},
    overflow::{Growth, Overflow, VocabularySize},
    stage::Stage,
};
use crate::{columns::RowSpec, Content, RowReader, RowWriter};

/// The row types of a model.
pub trait RowTypes: Sized + 'static {
    /// A raw row to predict from.
    type Inputs;
    /// A raw row to train on: the inputs and the targets.
    type Sample: Send;
    /// The predictions for one row, in the user's units.
    type Outputs;

    /// Description of the columns.
    const SCHEMA: Schema;

    /// The mapping from columns to the fields of a sample, the inputs first and then the targets;
    /// `None` where the sample type implements `Deserialize` itself.
    const SAMPLE_ROW: Option<&'static RowSpec> = None;

    /// As [`SAMPLE_ROW`](RowTypes::SAMPLE_ROW), of the rows to predict from.
    const INPUTS_ROW: Option<&'static RowSpec> = None;

    /// Appends the inputs of a row, in the order of [`Schema::inputs`].
    fn write_inputs(inputs: &Self::Inputs, row: &mut RowWriter<'_>);

    /// Appends the inputs of a row and then its targets, in the order of [`Schema::targets`].
    fn write_sample(sample: &Self::Sample, row: &mut RowWriter<'_>);

    /// Reads one row of predictions, in the order of [`Schema::targets`].
    fn read_outputs(row: &mut RowReader<'_>) -> Self::Outputs;
}

/// Constant description of the columns of a model's rows.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// Name of the annotated struct.
    pub name: &'static str,
    /// The inputs, in the order of declaration.
    pub inputs: &'static [Input],
    /// The nodes derived from inputs, in the order of declaration.
    pub derived: &'static [Derived],
    /// The targets, in the order in which the outputs are declared.
    pub targets: &'static [Target],
}

impl Schema {
    /// Number of columns of a preprocessed table before its targets: inputs and derived nodes.
    pub fn encoded_columns(&self) -> usize {
        self.inputs.len() + self.derived.len()
    }
}

/// An input as the user's rows hold it, before preprocessing.
#[derive(Clone, Copy, Debug)]
pub struct Input {
    /// Name of the field.
    pub name: &'static str,
    /// Documentation of the field: the text of its `///` comment.
    pub doc: &'static str,
    /// Name of the newtype of its values, [`Newtype::NAME`](crate::Newtype::NAME).
    pub unit: Option<&'static str>,
    /// Type of the elements.
    pub kind: Content,
    /// Shape of one raw value: empty for a single category or text, the number of channels for an
    /// image.
    pub shape: &'static [usize],
    /// The replacement of an absent value; `None` where the type is not an `Option`.
    pub missing: Option<Missing>,
    /// The preprocessing steps, in order.
    pub steps: &'static [Step],
    /// Whether an exported ONNX file takes the values behind these steps, by
    /// `export = onnx(encoded(name))`.
    pub encoded_in_onnx: bool,
}

/// A value of a user's own in an annotation, such as `my::Winsorize(0.01)`. How it is written by
/// `Debug` is a part of the model: weights of a model with another value do not fit.
pub type Own = &'static (dyn fmt::Debug + Send + Sync);

/// A preprocessing step as the user wrote it.
#[derive(Clone, Copy)]
pub struct Step {
    /// Specification of the step: its name and parameters.
    pub spec: &'static spec::step::Step,
    /// The argument of each parameter.
    pub arguments: &'static [spec::Value],
    /// The step, where it is of the user's own.
    pub own: Option<Own>,
    /// Shape of one row before the step.
    pub input: spec::Shape,
    /// Shape of one row after the step.
    pub output: spec::Shape,
    /// Index in [`Schema::inputs`] of the input whose vocabulary the step uses; `None` where it
    /// learns its own.
    pub vocabulary_of: Option<usize>,
    /// Implementation of the step.
    pub stage: &'static dyn Stage,
}

impl Step {
    /// The argument of the parameter `name`.
    pub fn argument(&self, name: &str) -> spec::Value {
        argument(self.spec.parameters, self.arguments, name)
    }

    /// Whether it only augments training rows, so that it is no part of the model.
    pub fn is_for_training_only(&self) -> bool {
        self.stage.nature() == spec::step::Nature::Random
    }
}

/// The step in the DSL, `words(vocabulary = 10000, length = 100)`, or one of the user's own.
impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(own) = self.own {
            return write!(f, "{own:?}");
        }
        let given = spec::in_words(self.spec.parameters, self.arguments);
        f.write_str(self.spec.name)?;
        if given.is_empty() {
            return Ok(());
        }
        write!(f, "({})", given.join(", "))
    }
}

/// A node computed from the raw values of several inputs.
#[derive(Clone, Copy)]
pub struct Derived {
    /// Name of the field.
    pub name: &'static str,
    /// Specification of the derivation: its name and parameters.
    pub spec: &'static spec::derived::Derivation,
    /// Indices in [`Schema::inputs`] of the inputs of the derivation.
    pub inputs: &'static [usize],
    /// The argument of each parameter.
    pub arguments: &'static [spec::Value],
    /// The derivation, where it is of the user's own, or arithmetic.
    pub own: Option<Own>,
    /// Shape of one row of the node, before its steps.
    pub raw: spec::Shape,
    /// The preprocessing steps, in order.
    pub steps: &'static [Step],
    /// Shape of one row of the node.
    pub output: spec::Shape,
    /// As [`Input::encoded_in_onnx`]: an exported file takes the derived values, behind their steps.
    pub encoded_in_onnx: bool,
    /// Implementation of the derivation.
    pub derivation: &'static dyn Derivation,
}

impl Derived {
    /// The argument of the parameter `name`.
    pub fn argument(&self, name: &str) -> spec::Value {
        argument(self.spec.parameters, self.arguments, name)
    }

    /// As its `Debug`, with the names of its inputs, which are `inputs` of the schema, instead of
    /// their indices: `crossed(genre, room, buckets = 1000)`.
    pub fn by_name(&self, inputs: &[Input]) -> String {
        self.of(|index| inputs.get(*index).map_or_else(String::new, |own| own.name.to_owned()))
    }

    /// The derivation with its steps, of inputs in the given words.
    fn of(&self, input: impl Fn(&usize) -> String) -> String {
        let given = spec::in_words(self.spec.parameters, self.arguments);
        let all: Vec<String> = self.inputs.iter().map(input).chain(given).collect();
        let all = all.join(", ");
        let derivation = match self.own {
            Some(own) => format!("{own:?} of ({all})"),
            None => format!("{}({all})", self.spec.name),
        };
        match self.steps.iter().filter(|step| !step.is_for_training_only()).collect::<Vec<_>>() {
            steps if steps.is_empty() => derivation,
            steps => format!("{derivation}, {steps:?}"),
        }
    }
}

/// The derivation in the DSL, with the indices of its inputs, `crossed(0, 2, buckets = 1000)`, and
/// its steps. One of the user's own stands before its inputs: `Distance(2.0) of (0, 2)`.
impl fmt::Debug for Derived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.of(usize::to_string))
    }
}

/// The argument of the parameter `name` among `arguments`.
fn argument(parameters: &[spec::Parameter], arguments: &[spec::Value], name: &str) -> spec::Value {
    let index = parameters.iter().position(|parameter| parameter.name == name);
    index.and_then(|index| arguments.get(index)).copied().unwrap_or(spec::Value::Absent)
}

/// The replacement of an absent input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Zeros replace the output of the branch.
    Zeros,
    /// The mean of the present training values replaces the raw number.
    Mean,
    /// A trained vector replaces the output of the branch.
    Learned,
}

/// A target: the values of rows that the loss compares with an output.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Name of the output field.
    pub name: &'static str,
    /// Documentation of the field: the text of its `///` comment.
    pub doc: &'static str,
    /// Name of the newtype of its values, [`Newtype::NAME`](crate::Newtype::NAME).
    pub unit: Option<&'static str>,
    /// Type of the target.
    pub kind: TargetKind,
    /// Number of values of the output per sample.
    pub width: usize,
    /// The preprocessing steps of the target, in order. Predictions and metrics are in the user's
    /// units.
    pub steps: &'static [Step],
    /// Whether rows hold class labels, which are learned from the training rows.
    pub labels: bool,
    /// Whether the target may be absent: its type is an `Option`.
    pub optional: bool,
    /// The names of its columns in files, if `columns(...)` names each of them.
    pub columns: &'static [&'static str],
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
    /// `[bool; N]`: several labels, any number of which hold.
    Flags,
    /// `Class<N>`.
    Class,
}

impl TargetKind {
    /// Whether the target is numeric, not a class or a boolean.
    pub fn is_numbers(self) -> bool {
        matches!(self, TargetKind::Numbers | TargetKind::Doubles)
    }
}
