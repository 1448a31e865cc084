//! What `#[multi_input_model]` says of a model: the trait that its definition type implements, and
//! the graph as constant data.

mod diagram;
mod handle;

use std::{ops::Deref, path::Path};

use dfdx::{
    nn::BuildOnDevice,
    tensor::{OwnedTape, Tensor},
};

pub use multi_input_data::schema::{
    Derived, Input, Missing, RowTypes, Schema, Step, Target, TargetKind,
};
use multi_input_kernel::{Backend, Element};
use multi_input_nn::{layer::RngKey, loss::Loss, Penalties};

pub(crate) use self::diagram::diagram;
pub use self::handle::{ClassOutput, Droppable, NodeOf, OptionalInputOf, OutputOf};
use crate::{data::Batch, metric::Metric, plot};

/// A model as the user wrote it, whatever the dtype and device.
pub trait Definition: RowTypes {
    /// Nodes, layers and shapes.
    const GRAPH: Graph;

    /// Draws the graph: every node with its layers, shapes and parameter counts.
    ///
    /// # Errors
    /// [`Error::File`](multi_input_base::Error::File).
    fn diagram(path: impl AsRef<Path>) -> multi_input_base::Result<()> {
        plot::write(path.as_ref(), &diagram(&Self::GRAPH))
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
    fn set_rng_key(module: &mut Self::Built, key: RngKey);

    /// Tells every layer with running statistics whether its branch is frozen for now. `frozen` is
    /// asked by the name of the node.
    fn set_frozen(module: &mut Self::Built, frozen: &dyn Fn(&str) -> bool);
}

/// A model as constant data. What it says of rows alone is its [`Schema`].
#[derive(Clone, Copy, Debug)]
pub struct Graph {
    /// What the rows hold.
    pub schema: Schema,
    /// All nodes, each after those it is fed by.
    pub nodes: &'static [Node],
    /// The outputs, in the order of their declaration.
    pub outputs: &'static [Output],
}

impl Graph {
    /// What is wrong with speaking of a node's branch; `None` where nothing is.
    pub(crate) fn branch_mistake(&self, node: &str) -> Option<String> {
        let Some(found) = self.nodes.iter().find(|found| found.name == node) else {
            return Some(format!("there is no node `{node}`"));
        };
        if found.frozen {
            return Some(format!(
                "the branch of `{node}` is `frozen` in the model itself, so that it never learns: \
                 leave the word out of its `#[branch(...)]`"
            ));
        }
        let learns = |layer: &Layer| layer.parameters != Some(0);
        let learned = found.layers.iter().any(learns) || found.stand_in > 0;
        (!learned).then(|| format!("the branch of `{node}` has nothing that learns"))
    }
}

/// The inputs, and what is derived of them, are part of a graph.
impl Deref for Graph {
    type Target = Schema;

    fn deref(&self) -> &Schema {
        &self.schema
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

/// An output node.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// What the rows hold to compare with.
    pub target: Target,
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
}

impl Output {
    /// The metrics of an output with their names: first those in which every row counts once, then those
    /// in which rows count by their weights.
    pub(crate) fn reported(&self) -> impl Iterator<Item = (String, &dyn Metric)> {
        let plain = self.metrics.iter().map(|metric| (metric.name().to_owned(), *metric));
        let weighted = self.weighted_metrics.iter();
        plain.chain(weighted.map(|metric| (format!("weighted_{}", metric.name()), *metric)))
    }
}

/// An output has the name, the width and the steps of its target.
impl Deref for Output {
    type Target = Target;

    fn deref(&self) -> &Target {
        &self.target
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
