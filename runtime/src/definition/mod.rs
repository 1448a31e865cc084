//! The contract with generated code: the trait of a model definition, and its graph as constant
//! data.

mod diagram;
mod handle;
mod part;
mod reads;

use std::{ops::Deref, path::Path};

use dfdx::{
    nn::BuildOnDevice,
    tensor::{Cpu, OwnedTape, Tensor},
};

use multi_input_base::Error;
pub use multi_input_data::schema::{
    Derived, Input, Missing, Own, RowTypes, Schema, Step, Target, TargetKind,
};
use multi_input_kernel::{Backend, Element};
use multi_input_nn::{layer::RngKey, loss::AnyLoss, Penalties};
use multi_input_spec as spec;
pub use multi_input_spec::{merge::Operand, Kind, Shape, Size, Text};

pub(crate) use self::diagram::diagram;
pub use self::{
    handle::{
        ClassHandle, ClassOutput, Droppable, HasClasses, NodeIn, NodeOf, NodesOf, OptionalInputOf,
        OutputHandle, OutputIn, OutputOf, SharedName,
    },
    part::PartOf,
};
use crate::{data::Batch, metric::AnyMetric, plot};

/// A model definition, independent of dtype and device.
pub trait Definition: RowTypes {
    /// Nodes, layers and shapes.
    const GRAPH: Graph;

    /// Draws the graph as SVG: every node with its layers, shapes and parameter counts.
    /// `keras.utils.plot_model`.
    ///
    /// # Errors
    /// [`Error::File`].
    fn diagram(path: impl AsRef<Path>) -> multi_input_base::Result<()> {
        plot::write(path.as_ref(), &diagram(&Self::GRAPH))
    }
}

/// The output of one output node, of shape (batch, width). For losses computed from logits these
/// are logits, and [`AnyLoss::predict`] converts them to predictions.
pub type Head<E, D> = Tensor<(usize, usize), E, D>;

/// The output of a module, `HousePriceHeads`, as a list.
pub trait IntoHeads<E: Element, D: Backend<E>> {
    /// The type of its tape.
    type Tape;

    /// The head of every output, in declaration order, and the tape.
    ///
    /// # Errors
    /// The device's.
    fn into_heads(self) -> Result<(Vec<Head<E, D>>, Self::Tape), D::Err>;
}

/// A definition on a dtype and a device; its module is `Self::Built`.
///
/// It is the one bound of a function for any model:
///
/// ```
/// use multi_input::prelude::*;
///
/// fn train<M: Network>(model: &mut Model<M>, rows: &[M::Sample]) -> multi_input::Result<History> {
///     Trainer::new(Adam::new(1e-3)).epochs(10).fit(model, rows)
/// }
/// ```
///
/// Without a dtype and a device it is a definition on `f32` and the processor. A function for any dtype
/// and device names them, with a bound each:
///
/// ```
/// use multi_input::{kernel::Element, prelude::*, Compute};
///
/// fn loss<M: Network<E, D>, E: Element, D: Compute<E>>(
///     model: &Model<M, E, D>,
///     rows: &[M::Sample],
/// ) -> multi_input::Result<f64> {
///     Ok(model.evaluate(rows)?.loss())
/// }
/// ```
pub trait Network<E: Element = f32, D: Backend<E> = Cpu>:
    Definition + BuildOnDevice<D, E, Built: 'static + Send + Sync>
{
    /// The input of the module: `HousePriceBatch<usize, E, D>`.
    type Batch;

    /// The tensors of encoded rows.
    ///
    /// # Errors
    /// The device's.
    fn batch(rows: &Batch<'_>, device: &D) -> Result<Self::Batch, D::Err>;

    /// The learned weights of losses, each of the shape (1, 1).
    ///
    /// # Errors
    /// The device's.
    fn loss_weights(module: &Self::Built) -> Result<Vec<Head<E, D>>, D::Err>;

    /// The heads in inference: of the outputs with a loss, the learned weights of losses, each of the
    /// shape (1, 1), and the heads of the outputs without a loss.
    fn predict(
        module: &Self::Built,
        rows: &Batch<'_>,
        device: &D,
    ) -> Result<Vec<Head<E, D>>, D::Err>;

    /// The heads of the outputs with a loss in training: dropout is active and batch statistics are
    /// used.
    fn training_heads(
        module: &mut Self::Built,
        rows: &Batch<'_>,
        device: &D,
        tape: OwnedTape<E, D>,
    ) -> Result<(Vec<Head<E, D>>, OwnedTape<E, D>), D::Err>;

    /// Passes every tensor with an `l1` or `l2` penalty to `penalties`.
    fn penalize(module: &Self::Built, penalties: &mut Penalties<E, D>) -> Result<(), D::Err>;

    /// Sets the random key of every layer that uses random numbers.
    fn set_rng_key(module: &mut Self::Built, key: RngKey);

    /// Tells every layer with running statistics whether its branch is frozen at present; `frozen`
    /// takes the name of a node.
    fn set_frozen(module: &mut Self::Built, frozen: &dyn Fn(&str) -> bool);
}

/// A network whose heads can be differentiated with respect to its inputs, as attributions by
/// integrated gradients need. `#[multi_input_model]` implements
/// it where every module of your own takes tensors with a tape in its `Module`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be differentiated with respect to its inputs",
    label = "a module in it has no backward pass in inference",
    note = "implement `Module` of your own module for tensors with any tape, `Tensor<_, E, D, T>` with \
            `T: Tape<E, D>`, or explain predictions by `Attribution::shapley`, which needs no gradients"
)]
pub trait Differentiable<E: Element, D: Backend<E>>: Network<E, D> {
    /// The heads in inference, with the tape for a backward pass to the inputs.
    ///
    /// # Errors
    /// The device's.
    fn trace(
        module: &Self::Built,
        rows: &Batch<'_>,
        device: &D,
        tape: OwnedTape<E, D>,
    ) -> Result<Traced<E, D>, D::Err>;
}

/// A forward pass in inference, recorded on a tape.
pub struct Traced<E: Element, D: Backend<E>> {
    /// The heads.
    pub heads: Vec<Head<E, D>>,
    /// The encoded columns that hold numbers: the column's index and its tensor of shape (batch,
    /// width), to which the backward pass adds the gradient.
    pub inputs: Vec<(usize, Head<E, D>)>,
    /// The tape.
    pub tape: OwnedTape<E, D>,
}

/// A model as constant data. The part about rows is its [`Schema`].
#[derive(Clone, Copy, Debug)]
pub struct Graph {
    /// The inputs, derived inputs and targets.
    pub schema: Schema,
    /// All nodes in topological order.
    pub nodes: &'static [Node],
    /// The outputs with a loss, in declaration order.
    pub outputs: &'static [Output],
    /// The outputs without a loss, in declaration order.
    pub values: &'static [Value],
    /// What a prediction of one row costs.
    pub cost: Cost,
}

/// What a prediction of one row costs, by the formulas of the
/// [reference](crate::multi_input_model#budgets). Modules and merges of your own do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Floating-point operations; a multiply-add counts 2.
    pub flops: usize,
    /// Bytes of parameters, running statistics and activations.
    pub memory: usize,
}

impl Graph {
    /// The number of heads that the losses take: one for each output with a loss, and behind them one
    /// for each learned weight. Those of the outputs without a loss follow.
    pub(crate) fn heads_of_losses(&self) -> usize {
        let learned = self.outputs.iter().filter(|output| output.learned_weight);
        self.outputs.len() + learned.count()
    }

    /// # Errors
    /// [`Error::NoLoss`] if no output has a loss; `purpose` is that of the targets.
    pub(crate) fn check_loss(&self, purpose: &'static str) -> multi_input_base::Result<()> {
        match self.outputs.is_empty() {
            true => Err(Error::NoLoss { model: self.name, purpose }),
            false => Ok(()),
        }
    }

    /// Whether the node is an output whose loss has a learned weight.
    pub(crate) fn learns_weight_of(&self, node: &str) -> bool {
        self.outputs.iter().any(|output| output.name == node && output.learned_weight)
    }

    /// The mistake of naming `node` where a trainable branch is required; `None` if there is none.
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
        let learned =
            found.layers.iter().any(learns) || found.stand_in > 0 || self.learns_weight_of(node);
        (!learned).then(|| format!("the branch of `{node}` has nothing that learns"))
    }
}

/// Gives access to the inputs and derived inputs.
impl Deref for Graph {
    type Target = Schema;

    fn deref(&self) -> &Schema {
        &self.schema
    }
}

/// A node: a field of the struct.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// The field's name.
    pub name: &'static str,
    /// The names that the field had in saved models, the oldest first.
    pub renamed: &'static [&'static str],
    /// The source as the user wrote it: `input`, `concat(a, b)`, `from(joined)`.
    pub source: &'static str,
    /// The merge, where it is of the user's own.
    pub own: Option<Own>,
    /// The merge of the spec that gives the branch its input; `None` for other sources.
    pub merge: Option<Merge>,
    /// The names of the source nodes.
    pub fed_by: &'static [&'static str],
    /// The optional input that is the only input of the node; `None` for other nodes.
    pub absence: Option<Absence>,
    /// The shape of one sample before the branch.
    pub input_shape: &'static [usize],
    /// Whether the branch's input has a mask over its steps.
    pub input_masked: bool,
    /// The layers of the branch.
    pub layers: &'static [Layer],
    /// The shape of one sample after the branch.
    pub shape: &'static [usize],
    /// Whether the branch's output has a mask over its steps.
    pub masked: bool,
    /// The node that owns the branch, if it is shared.
    pub shared: Option<&'static str>,
    /// Whether the branch is frozen.
    pub frozen: bool,
    /// The size of the learned vector that replaces an absent node, or 0.
    pub stand_in: usize,
}

/// A merge of the spec, with its arguments.
#[derive(Clone, Copy, Debug)]
pub struct Merge {
    /// Its description.
    pub spec: &'static spec::merge::Merge,
    /// The argument of each parameter.
    pub arguments: &'static [spec::Value],
    /// For each operand of [`Node::fed_by`] that is `present(node)` the index in [`Schema::inputs`] of
    /// the input whose presence it is; `None` for one that is the node's value.
    pub presence: &'static [Option<usize>],
}

/// A node without a value in rows that lack an optional input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Absence {
    /// The index of the input in [`Schema::inputs`].
    pub input: usize,
    /// The policy of the input. With zeros or a learned vector the branch of the input takes zeros in
    /// such rows.
    pub policy: Missing,
    /// What replaces the output of the branch in such rows: zeros or the learned vector; `None` where
    /// only nodes that are absent as well take it.
    pub replaced: Option<Missing>,
}

/// A layer of a branch.
#[derive(Clone, Copy, Debug)]
pub struct Layer {
    /// The layer as the user wrote it: `Dense(64, relu)`.
    pub text: &'static str,
    /// What it computes.
    pub computes: Computes,
    /// The layer's name and the arguments that determine its weights, without arguments that matter
    /// only in training. A checkpoint with another identity belongs to another model.
    pub identity: &'static str,
    /// The real-valued arguments by name, without those that matter only in training.
    pub numbers: &'static [(&'static str, f64)],
    /// The shape of one sample after the layer.
    pub shape: &'static [usize],
    /// Whether the layer's output has a mask over its steps.
    pub masked: bool,
    /// The number of parameters; `None` for a custom module.
    pub parameters: Option<usize>,
    /// The file of the vectors that its table starts at: `from` of an `Embedding`.
    pub vectors: Option<&'static str>,
}

/// What a layer computes.
#[derive(Clone, Copy, Debug)]
pub enum Computes {
    /// A layer of the spec.
    Layer {
        /// Its description.
        spec: &'static spec::layer::Layer,
        /// The argument of each parameter.
        arguments: &'static [spec::Value],
        /// The layer among the arguments, such as that of `TimeDistributed`.
        inner: Option<&'static Layer>,
    },
    /// An activation as a layer.
    Activation(spec::Activation),
    /// A module of the user's own.
    Own,
}

impl Layer {
    /// Whether it is the built-in layer `name`.
    pub(crate) fn is(&self, name: &str) -> bool {
        let rest = self.identity.strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('('))
    }
}

/// A node whose value is a part of the predictions: an output without a loss.
#[derive(Clone, Copy, Debug)]
pub struct Value {
    /// The field's name.
    pub name: &'static str,
    /// The documentation of the field.
    pub doc: &'static str,
    /// The number of elements per sample.
    pub width: usize,
}

/// The type of the rows to train on of a part without a loss. It has no values, because such a part
/// is neither trained nor evaluated:
///
/// ```compile_fail,E0308
/// # use multi_input::prelude::*;
/// #[multi_input_model(part(Encoder = code))]
/// struct House {
///     #[input]
///     #[branch(Dense(2))]
///     code: [f32; 3],
///     #[from(code)]
///     #[branch(Dense(1))]
///     #[output(loss = mse)]
///     price: f32,
/// }
///
/// let mut encoder = Encoder::build(&Cpu::default(), Seed(7));
/// let rows = [EncoderInputs { code: [1.0, 2.0, 3.0] }];
/// Trainer::new(Adam::new(1e-3)).fit(&mut encoder, &rows);
/// ```
#[derive(Clone, Copy, Debug)]
pub enum NoTargets {}

/// An output node with a loss.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// The target.
    pub target: Target,
    /// The number of values of the head per sample.
    pub head: usize,
    /// The loss.
    pub loss: &'static dyn AnyLoss,
    /// The weight of this output's loss in the total loss; 1 for a learned one.
    pub weight: f64,
    /// Whether the weight is learned: the module has a number s, and the loss L counts as
    /// `exp(-s) L + s`.
    pub learned_weight: bool,
    /// The metrics.
    pub metrics: &'static [&'static dyn AnyMetric],
    /// Metrics in which rows count by their weights, reported as `weighted_...`.
    pub weighted_metrics: &'static [&'static dyn AnyMetric],
}

impl Output {
    /// The number of values of a prediction per sample.
    pub(crate) fn predicted(&self) -> usize {
        self.width * self.loss.parts(self.head, self.width)
    }

    /// The number of labels: the elements of `[bool; N]`.
    pub(crate) fn label_count(&self) -> usize {
        match self.target.kind {
            TargetKind::Flags => self.target.width,
            _ => 0,
        }
    }

    /// The number of labels that have a figure of their own in a metric.
    pub(crate) fn figures_by_label(&self, metric: &dyn AnyMetric) -> usize {
        match self.label_count() {
            0 => 0,
            labels => metric.start_labels(labels).figures(),
        }
    }

    /// The metrics with their names: first the unweighted ones, then the weighted ones.
    pub(crate) fn reported(&self) -> impl Iterator<Item = (String, &dyn AnyMetric)> {
        let plain = self.metrics.iter().map(|metric| (metric.name().into_owned(), *metric));
        let weighted = self.weighted_metrics.iter();
        plain.chain(weighted.map(|metric| (format!("weighted_{}", metric.name()), *metric)))
    }
}

/// Gives access to the name, width and steps of the target.
impl Deref for Output {
    type Target = Target;

    fn deref(&self) -> &Target {
        &self.target
    }
}
