//! Everything that can go wrong at run time.

use std::{fmt, path::PathBuf};

use crate::{quote::Escaped, CheckpointError};

/// What every fallible function of this crate returns.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, where, and what to do about it.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value that a model cannot take.
    #[error(
        "row {row}, field `{field}`: expected {}, found {}",
        Escaped(expected),
        Escaped(found)
    )]
    Value {
        /// The row's number, from 0.
        row: usize,
        /// The field of the annotated struct.
        field: String,
        /// What the field takes.
        expected: String,
        /// What the row holds.
        found: String,
    },
    /// A class that does not exist.
    #[error("class {index} does not exist: the classes of `Class<{classes}>` are 0 to {}",
        classes.saturating_sub(1))]
    Class {
        /// The class asked for.
        index: usize,
        /// How many there are.
        classes: usize,
    },
    /// A file that could not be read or written.
    #[error("cannot {action} {}: {}", Escaped(path.display()), Escaped(source))]
    File {
        /// What was attempted: `read`, `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A line of a file of rows that is not such a row.
    #[error("{}, line {line}: {}", Escaped(path.display()), Escaped(message))]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        message: String,
    },
    /// A row of a database or of a file without lines that is not such a row.
    #[error("{}, row {row}: {}", Escaped(database), Escaped(message))]
    Record {
        /// The database or the file.
        database: String,
        /// The row's number, from 0.
        row: u64,
        /// What is wrong with it.
        message: String,
    },
    /// A database, or a file of columns, that gives no rows.
    #[error("{} cannot be read: {}", Escaped(database), Escaped(reason))]
    Database {
        /// The database or the file.
        database: String,
        /// Its reason.
        reason: String,
    },
    /// There is nothing to do the work on.
    #[error("no rows to {0}: hand over at least one")]
    NoRows(&'static str),
    /// There are rows, but none that knows what is to be compared with.
    #[error(
        "no row to {0} has a target that counts: all of them are `None`, or have a weight of 0; hand \
         over rows that know one"
    )]
    NoTargets(&'static str),
    /// Raw rows were handed to a model that does not know yet how to preprocess them.
    #[error(
        "`{model}` is not fitted: {reason}, which is learned from training rows; \
         train it with `Trainer::fit`, or load a trained one with `Model::load`"
    )]
    Unfitted {
        /// The model.
        model: &'static str,
        /// What needs fitting.
        reason: String,
    },
    /// Training was set up in a way that cannot work; all mistakes at once.
    #[error("the training cannot start:{}", List(.0))]
    Settings(Vec<String>),
    /// The loss is no longer a number.
    #[error(
        "the loss of output `{output}` became {value} in epoch {epoch}, step {step} (both from 1){}: \
         lower the learning rate, clip the gradients, or standardize inputs and targets; \
         the model has the weights from before this step, or the best ones where a callback \
         restores them", First(node)
    )]
    NotFinite {
        /// The output whose loss it is.
        output: &'static str,
        /// The epoch, from 1.
        epoch: usize,
        /// The step of the epoch, from 1.
        step: usize,
        /// What the loss became.
        value: f64,
        /// The first node, in the order of the graph, whose output was not finite; `None` where all
        /// were, and only the loss was not.
        node: Option<&'static str>,
    },
    /// A gradient is no longer a number, though the losses are.
    #[error(
        "the gradient of `{tensor}` is not finite in epoch {epoch}, step {step} (both from 1){}: \
         lower the learning rate, clip the gradients, or standardize inputs and targets; \
         the model has the weights from before this step, or the best ones where a callback \
         restores them",
        First(node)
    )]
    Gradient {
        /// The tensor's name in the module.
        tensor: String,
        /// The epoch, from 1.
        epoch: usize,
        /// The step of the epoch, from 1.
        step: usize,
        /// The first node, in the order of the graph, whose output was not finite; `None` where all
        /// were.
        node: Option<&'static str>,
    },
    /// A checkpoint that could not be loaded.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The device failed, for want of memory for instance.
    #[error("the device failed: {}", Escaped(.0))]
    Device(String),
}

/// As `Display`: a `main` that returns an error prints this form, and it is meant to be read.
impl std::fmt::Debug for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl Error {
    /// The device's own error, whose type differs from device to device.
    pub fn device(error: impl fmt::Display) -> Error {
        Error::Device(error.to_string())
    }
}

/// The node that was not finite before the loss was.
struct First<'a>(&'a Option<&'static str>);

impl fmt::Display for First<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(node) => write!(f, ", first in the branch of `{node}`"),
            None => Ok(()),
        }
    }
}

/// Mistakes, one a line.
struct List<'a>(&'a [String]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|mistake| write!(f, "\n  - {}", Escaped(mistake)))
    }
}
