//! Why a checkpoint could not be loaded. The model is as it was in every case.

use std::path::PathBuf;

use crate::quote::{Escaped, Quoted};

/// Why a checkpoint could not be loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The file is cut off or was changed.
    #[error("{} is damaged or no safetensors file: {}", Escaped(path.display()), Escaped(reason))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// The file was not written by this crate, or by a newer version of it.
    #[error(
        "{} has format {}, but this version reads format {expected}: \
         save the model anew, or update `multi-input`", Escaped(path.display()), Escaped(found)
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// The version that is read.
        expected: String,
        /// The file's.
        found: String,
    },
    /// The file holds another model.
    #[error(
        "{} holds another model, which differs first in {}: \
         the model has {expected}, the file has {}",
        Escaped(path.display()), Escaped(place), Escaped(found)
    )]
    OtherModel {
        /// The file.
        path: PathBuf,
        /// What differs: the name of a node, an input or an output.
        place: String,
        /// What the model has there.
        expected: String,
        /// What the file has there.
        found: String,
    },
    /// A tensor has other numbers than the model computes with.
    #[error(
        "{}: tensor `{}` should hold {expected}, but holds {found}: load it into such a model",
        Escaped(path.display()), Escaped(tensor)
    )]
    Dtype {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// The model's dtype.
        expected: String,
        /// The file's.
        found: String,
    },
    /// A tensor has another shape.
    #[error("{}: tensor `{tensor}` should have shape {expected:?}, but has {found:?}", Escaped(path.display()))]
    Shape {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// The model's shape.
        expected: Vec<usize>,
        /// The file's.
        found: Vec<usize>,
    },
    /// A tensor is not there.
    #[error("{}: tensor `{tensor}` is missing", Escaped(path.display()))]
    Missing {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: String,
    },
    /// The file holds a model, but no training run.
    #[error(
        "{} holds a model, but no training run to go on with: \
         name a folder or a file that `Checkpoint` wrote", Escaped(path.display())
    )]
    NoRun {
        /// The file.
        path: PathBuf,
    },
    /// The file holds a run that no training can have written: counters, numbers or names that do not
    /// fit each other or the model.
    #[error("{} holds a run that cannot go on: {}", Escaped(path.display()), Escaped(reason))]
    Run {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// The run was another one, so that going on would not end where it would have ended.
    #[error(
        "{} is of a run that differs in {setting}: this one has {expected}, that one {}",
        Escaped(path.display()), Escaped(found)
    )]
    OtherRun {
        /// The file.
        path: PathBuf,
        /// What differs.
        setting: String,
        /// What this run has.
        expected: String,
        /// What that run had.
        found: String,
    },
    /// The newest file of a folder cannot be used.
    #[error("{error}; {}", Whole(whole))]
    Newest {
        /// What is wrong with it.
        error: Box<CheckpointError>,
        /// The newest file that is whole, if there is one.
        whole: Option<PathBuf>,
    },
    /// A tensor is too many.
    #[error(
        "{} holds a tensor {}, which the model does not have",
        Escaped(path.display()), Quoted(tensor)
    )]
    Extra {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: String,
    },
}

/// What to do about a file that cannot be used.
struct Whole<'a>(&'a Option<PathBuf>);

impl std::fmt::Display for Whole<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(path) => write!(
                f,
                "the last good checkpoint is {}: resume from that file, or remove the damaged one",
                Escaped(path.display())
            ),
            None => f.write_str("the folder holds no other checkpoint"),
        }
    }
}
