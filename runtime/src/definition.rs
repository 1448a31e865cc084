//! What `#[multi_input_model]` says of a model: the trait that its definition type implements, and
//! the graph as constant data.

use std::{fmt, path::Path};

use dfdx::{
    nn::BuildOnDevice,
    tensor::{OwnedTape, Tensor},
};

use crate::{
    data::{columns::RowSpec, Batch, Content, RowReader, RowWriter},
    kernel::{Backend, Element},
    layer::Draw,
    loss::Loss,
    metric::Metric,
    preprocess::{stage::Derivation, Stage},
    private::spec,
    report,
    train::Penalties,
};

/// A model as the user wrote it, whatever the dtype and device.
pub trait Definition: Sized + 'static {
    /// One raw row to predict from.
    type Inputs;
    /// One raw row to train on: the inputs and the targets.
    type Sample: Send;
    /// What is predicted for one row, in the user's units.
    type Outputs;

    /// Nodes, layers and shapes.
    const GRAPH: Graph;

    /// How the fields of a sample are found in columns: the inputs, and then the targets; `None` where
    /// that is its own business.
    const SAMPLE_ROW: Option<&'static RowSpec> = None;

    /// Appends a row's inputs, in the order of [`Graph::inputs`].
    fn write_inputs(inputs: &Self::Inputs, row: &mut RowWriter<'_>);

    /// Appends a row's inputs and then its targets, in the order of [`Graph::outputs`].
    fn write_sample(sample: &Self::Sample, row: &mut RowWriter<'_>);

    /// One row of predictions, in the order of [`Graph::outputs`].
    fn read_outputs(row: &mut RowReader<'_>) -> Self::Outputs;

    /// Draws the graph: every node with its layers, shapes and parameter counts.
    ///
    /// # Errors
    /// [`Error::File`](crate::Error::File).
    fn diagram(path: impl AsRef<Path>) -> crate::Result<()> {
        report::write(path.as_ref(), &report::diagram(&Self::GRAPH))
    }
}

/// What comes out of one output node: a row for each sample. Where the loss is computed from
/// logits these are logits, and [`Output::link`] makes predictions of them.
pub type Head<E, D> = Tensor<(usize, usize), E, D>;

/// A definition that can run on a dtype and a device; its module is `Self::Built`.
pub trait Network<E: Element, D: Backend<E>>:
    Definition + BuildOnDevice<D, E, Built: 'static>
{
    /// The heads in inference.
    fn predict(
        module: &Self::Built,
        rows: &Batch<'_>,
        device: &D,
    ) -> Result<Vec<Head<E, D>>, D::Err>;

    /// The heads in training: dropout is active and batch statistics are taken.
    fn train(
        module: &mut Self::Built,
        rows: &Batch<'_>,
        device: &D,
        tape: OwnedTape<E, D>,
    ) -> Result<(Vec<Head<E, D>>, OwnedTape<E, D>), D::Err>;

    /// Hands every tensor that an `l1` or `l2` speaks of to `penalties`.
    fn penalize(module: &Self::Built, penalties: &mut Penalties<E, D>) -> Result<(), D::Err>;

    /// Tells every layer that draws random numbers which ones to draw next.
    fn set_draw(module: &mut Self::Built, draw: Draw);

    /// Tells every layer with running statistics whether its branch is frozen for now. `frozen` is
    /// asked by the name of the node.
    fn set_frozen(module: &mut Self::Built, frozen: &dyn Fn(&str) -> bool);
}

/// A model as constant data.
#[derive(Clone, Copy, Debug)]
pub struct Graph {
    /// The struct's name.
    pub name: &'static str,
    /// All nodes, each after those it is fed by.
    pub nodes: &'static [Node],
    /// The inputs, in the order of their declaration.
    pub inputs: &'static [Input],
    /// The nodes that are derived of inputs, in the order of their declaration.
    pub derived: &'static [Derived],
    /// The outputs, in the order of their declaration.
    pub outputs: &'static [Output],
}

impl Graph {
    /// How many columns of a preprocessed table come before its targets: those of the inputs, and
    /// of what is derived of them.
    pub(crate) fn encoded_columns(&self) -> usize {
        self.inputs.len() + self.derived.len()
    }
}

/// A field of the struct.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// The field's name.
    pub name: &'static str,
    /// What feeds it, as the user wrote it: `input`, `concat(a, b)`, `from(joined)`.
    pub source: &'static str,
    /// The names of the nodes that feed it.
    pub fed_by: &'static [&'static str],
    /// The shape of one sample before the branch.
    pub input_shape: &'static [usize],
    /// Whether a mask says which of the steps before the branch count.
    pub input_masked: bool,
    /// The layers of its branch.
    pub layers: &'static [Layer],
    /// The shape of one sample after the branch.
    pub shape: &'static [usize],
    /// Whether a mask says which of the steps after the branch count.
    pub masked: bool,
    /// The node whose branch this one shares.
    pub shared: Option<&'static str>,
    /// Whether the branch is frozen.
    pub frozen: bool,
    /// The size of the learned vector that stands in where the node is absent, or 0.
    pub stand_in: usize,
}

/// A layer of a branch.
#[derive(Clone, Copy, Debug)]
pub struct Layer {
    /// The layer as the user wrote it: `Dense(64, relu)`.
    pub text: &'static str,
    /// The layer as weights know it: its arguments by name and value, but for those that only
    /// training looks at. A checkpoint of another identity is another model's.
    pub identity: &'static str,
    /// Its real numbers by name and value, but for those that only training looks at.
    pub numbers: &'static [(&'static str, f64)],
    /// The shape of one sample after it.
    pub shape: &'static [usize],
    /// Whether a mask says which of the steps after it count.
    pub masked: bool,
    /// How many numbers it learns. `None` for a module of the user's own.
    pub parameters: Option<usize>,
}

impl Layer {
    /// Whether it is a layer of ours that the DSL calls `name`.
    pub(crate) fn is(&self, name: &str) -> bool {
        let rest = self.identity.strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('('))
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
    /// The place among [`Graph::inputs`] of the input whose vocabulary it takes, where that is not
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
    /// The places among [`Graph::inputs`] of what it is made of.
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

/// An output node.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// The field's name.
    pub name: &'static str,
    /// What the rows hold to compare with.
    pub target: Target,
    /// How many numbers the head gives for a sample.
    pub width: usize,
    /// What is minimised.
    pub loss: &'static dyn Loss,
    /// How much this output's loss counts in the sum.
    pub weight: f64,
    /// What is reported besides the loss.
    pub metrics: &'static [&'static dyn Metric],
    /// What is reported besides, as `weighted_...`, with every row counted by its weight.
    pub weighted_metrics: &'static [&'static dyn Metric],
    /// What makes a prediction of the head.
    pub link: Link,
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
pub enum Target {
    /// `f32` or `[f32; N]`.
    Numbers,
    /// `f64` or `[f64; N]`.
    Doubles,
    /// `bool`.
    Flag,
    /// `Class<N>`.
    Class,
}

impl Target {
    /// Whether rows hold numbers, rather than a class or a flag.
    pub fn is_numbers(self) -> bool {
        matches!(self, Target::Numbers | Target::Doubles)
    }
}

/// What makes a prediction of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// The head is the prediction.
    Identity,
    /// The head is the logit of a probability.
    Sigmoid,
    /// The head is the logits of a distribution.
    Softmax,
}
