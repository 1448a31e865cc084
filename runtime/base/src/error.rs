//! The error type of all crates at run time.

use std::{fmt, path::PathBuf};

use crate::{quote::Escaped, CheckpointError};

/// The result type of every fallible function of these crates.
pub type Result<T> = std::result::Result<T, Error>;

/// A run-time error. Its message says what failed, where, and how to fix it.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value of a row that the model does not accept.
    #[error(
        "row {row}, field `{field}`: expected {}, found {}",
        Escaped(expected),
        Escaped(found)
    )]
    Value {
        /// Index of the row, from 0.
        row: usize,
        /// Name of the field in the annotated struct.
        field: String,
        /// The values that the field accepts.
        expected: String,
        /// The value that was found.
        found: String,
    },
    /// A class index that is out of range.
    #[error("class {index} does not exist: the classes of `Class<{classes}>` are 0 to {}",
        classes.saturating_sub(1))]
    Class {
        /// The class index.
        index: usize,
        /// Number of classes.
        classes: usize,
    },
    /// A file that could not be read or written.
    #[error("cannot {action} {}: {}", Escaped(path.display()), Escaped(source))]
    File {
        /// The operation: `read` or `write`.
        action: &'static str,
        /// Path of the file.
        path: PathBuf,
        /// Error of the operating system.
        source: std::io::Error,
    },
    /// A line of a text file that is not a valid row.
    #[error("{}, line {line}: {}", Escaped(path.display()), Escaped(message))]
    Line {
        /// Path of the file.
        path: PathBuf,
        /// Line number, from 1.
        line: u64,
        /// Description of the error.
        message: String,
    },
    /// A row of a database or of a columnar file that is not valid.
    #[error("{}, row {row}: {}", Escaped(database), Escaped(message))]
    Record {
        /// Name of the database, or path of the file.
        database: String,
        /// Index of the row, from 0.
        row: u64,
        /// Description of the error.
        message: String,
    },
    /// A database or a columnar file that cannot be read.
    #[error("{} cannot be read: {}", Escaped(database), Escaped(reason))]
    Database {
        /// Name of the database, or path of the file.
        database: String,
        /// Error of the database or of the file's reader.
        reason: String,
    },
    /// The operation was given no rows.
    #[error("no rows to {0}: hand over at least one")]
    NoRows(&'static str),
    /// No row has a known target with a weight above 0.
    #[error(
        "no row to {0} has a target that counts: all of them are `None`, or have a weight of 0; hand \
         over rows that know one"
    )]
    NoTargets(&'static str),
    /// The model has no output with a loss, so its rows have no targets.
    #[error(
        "`{model}` has no output with a loss, so there are no targets to {purpose}: give an output one \
         with `#[output(loss = ...)]`"
    )]
    NoLoss {
        /// Name of the model.
        model: &'static str,
        /// The operation: `train on`, `evaluate`.
        purpose: &'static str,
    },
    /// The model's preprocessing is not fitted yet.
    #[error(
        "`{model}` is not fitted: {reason}, which is learned from training rows; \
         train it with `Trainer::fit`, or load a trained one with `Model::load`"
    )]
    Unfitted {
        /// Name of the model.
        model: &'static str,
        /// The step that has to be fitted.
        reason: String,
    },
    /// Invalid training settings: all mistakes that were found.
    #[error("the training cannot start:{}", MistakeList(.0))]
    Settings(Vec<String>),
    /// An attribution or a partial dependence that does not exist: all mistakes that were found.
    #[error("the model cannot be explained like this:{}", MistakeList(.0))]
    Explanation(Vec<String>),
    /// The loss is NaN or infinite.
    #[error(
        "the loss of output `{output}` became {value} in epoch {epoch}, step {step} (both from 1){}: \
         lower the learning rate, clip the gradients, or standardize inputs and targets; {LEFT}",
        FirstNode(node)
    )]
    NotFinite {
        /// Name of the output with this loss.
        output: &'static str,
        /// Epoch, from 1.
        epoch: usize,
        /// Step of the epoch, from 1.
        step: usize,
        /// Value of the loss.
        value: f64,
        /// The first node in topological order whose output was not finite; `None` where all
        /// outputs were finite and only the loss was not.
        node: Option<&'static str>,
    },
    /// A gradient is NaN or infinite, although the losses are finite.
    #[error(
        "the gradient of `{tensor}` is not finite in epoch {epoch}, step {step} (both from 1){}: \
         lower the learning rate, clip the gradients, or standardize inputs and targets; {LEFT}",
        FirstNode(node)
    )]
    Gradient {
        /// Name of the tensor in the module.
        tensor: String,
        /// Epoch, from 1.
        epoch: usize,
        /// Step of the epoch, from 1.
        step: usize,
        /// The first node in topological order whose output was not finite; `None` where all
        /// outputs were finite.
        node: Option<&'static str>,
    },
    /// Running statistics, such as those of `BatchNorm`, are NaN or infinite, although losses and
    /// gradients are finite.
    #[error(
        "the running statistics `{tensor}` are not finite in epoch {epoch}, step {step} (both from 1): \
         lower the learning rate, clip the gradients, or standardize inputs and targets; {LEFT}"
    )]
    Statistics {
        /// Name of the tensor in the module.
        tensor: String,
        /// Epoch, from 1.
        epoch: usize,
        /// Step of the epoch, from 1.
        step: usize,
    },
    /// A step has made weights NaN or infinite, although losses and gradients are finite.
    #[error(
        "the weights `{tensor}` are not finite after epoch {epoch}, step {step} (both from 1): lower the \
         learning rate, clip the gradients, or standardize inputs and targets; the model is of no more \
         use, unless a callback restores other weights: go on from a checkpoint of an earlier step"
    )]
    Weights {
        /// Name of the tensor in the module.
        tensor: String,
        /// Epoch, from 1.
        epoch: usize,
        /// Step of the epoch, from 1.
        step: usize,
    },
    /// A learning rate that a callback has set and that is no number of at least 0.
    #[error(
        "the callback `{callback}` sets the learning rate to {rate}; it must be a number of at least 0"
    )]
    CallbackLearningRate {
        /// Name of the callback.
        callback: &'static str,
        /// The learning rate.
        rate: f64,
    },
    /// A learning rate of a schedule that is no number of at least 0.
    #[error(
        "the learning-rate schedule gives {rate} at {unit} {number}; it must be a number of at \
         least 0"
    )]
    LearningRate {
        /// The learning rate.
        rate: f64,
        /// What the schedule counts: `step` or `epoch`.
        unit: &'static str,
        /// The number of the step or epoch, from 0.
        number: u64,
    },
    /// Rows, tensors or settings that do not suit an operation on a model.
    #[error("`{operation}`: {}", Escaped(reason))]
    Unsuitable {
        /// The operation, such as `Conformal::fit`.
        operation: &'static str,
        /// What was expected and what was found.
        reason: String,
    },
    /// A checkpoint that could not be loaded.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Nodes that a model cannot take from another: all mismatches. The model is unchanged.
    #[error("`{model}` took nothing from {}:{}", Escaped(base), MistakeList(mistakes))]
    Transfer {
        /// Name of the model.
        model: &'static str,
        /// The other model: its name in backquotes, or a file.
        base: String,
        /// Every mismatch, with both shapes or both definitions.
        mistakes: Vec<String>,
    },
    /// A field that has no form in another format.
    #[error("`{field}` cannot be written to ONNX: {}; {}", Escaped(reason), Escaped(instead))]
    Export {
        /// Name of the input, node or output.
        field: String,
        /// Why not.
        reason: String,
        /// What to do instead.
        instead: String,
    },
    /// Another rank of the cluster ended the run, which ends on all ranks.
    #[error("rank {rank} ended the run: {message}")]
    Rank {
        /// The rank, from 0.
        rank: usize,
        /// What that rank reported: the text of its error or panic.
        message: String,
    },
    /// The ranks of a cluster cannot work together.
    #[error("the cluster: {}", Escaped(.0))]
    Cluster(String),
    /// A device error, for instance out of memory.
    #[error("the device failed: {}", Escaped(.0))]
    Device(String),
}

/// The same text as `Display`, because `main` prints a returned error with `Debug`.
impl std::fmt::Debug for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl Error {
    /// Wraps the error of a device, whose type depends on the device.
    pub fn device(error: impl fmt::Display) -> Error {
        Error::Device(error.to_string())
    }
}

/// Displays the first node whose output was not finite, if it is known.
struct FirstNode<'a>(&'a Option<&'static str>);

impl fmt::Display for FirstNode<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(node) => write!(f, ", first in the branch of `{node}`"),
            None => Ok(()),
        }
    }
}

/// What a step that was not taken leaves.
const LEFT: &str =
    "the model has the weights from before this step, or the best ones where a callback \
                    restores them";

/// Displays a list of mistakes, one per line.
struct MistakeList<'a>(&'a [String]);

impl fmt::Display for MistakeList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|mistake| write!(f, "\n  - {}", Escaped(mistake)))
    }
}
