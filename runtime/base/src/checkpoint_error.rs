//! Errors of loading a checkpoint. The model is unchanged after each of them.

use std::path::PathBuf;

use crate::quote::{Escaped, Quoted};

/// An error of loading a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The file is truncated, or its checksum differs.
    #[error("{} is damaged or no safetensors file: {}", Escaped(path.display()), Escaped(reason))]
    Damaged {
        /// Path of the file.
        path: PathBuf,
        /// The mismatch that was found.
        reason: String,
    },
    /// The file was not written by this crate, or was written by a newer version of it.
    #[error(
        "{} has format {}, but this version reads format {expected}: \
         save the model anew, or update `multi-input`", Escaped(path.display()), Escaped(found)
    )]
    Format {
        /// Path of the file.
        path: PathBuf,
        /// The format version that this version reads.
        expected: String,
        /// The format version of the file.
        found: String,
    },
    /// A file of another library that cannot be read.
    #[error("no weights can be read from {}: {}", Escaped(path.display()), Escaped(reason))]
    Foreign {
        /// Path of the file.
        path: PathBuf,
        /// The reason, with the way to write such a file.
        reason: String,
    },
    /// The file holds another model.
    #[error(
        "{} holds another model, which differs first in {}: \
         the model has {expected}, the file has {}",
        Escaped(path.display()), Escaped(place), Escaped(found)
    )]
    OtherModel {
        /// Path of the file.
        path: PathBuf,
        /// The first node, input or output that differs.
        place: String,
        /// Its definition in the model.
        expected: String,
        /// Its definition in the file.
        found: String,
    },
    /// The dtype of a tensor differs from the model's dtype.
    #[error(
        "{}: tensor `{}` should hold {expected}, but holds {found}: load it into such a model, or \
         convert it with `Model::load_converted`",
        Escaped(path.display()), Escaped(tensor)
    )]
    Dtype {
        /// Path of the file.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
        /// Dtype of the model.
        expected: String,
        /// Dtype in the file.
        found: String,
    },
    /// A tensor cannot be converted to the model's dtype.
    #[error(
        "{}: tensor `{}` holds {}, which {dtype} cannot hold",
        Escaped(path.display()), Escaped(tensor), Escaped(found)
    )]
    Range {
        /// Path of the file.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
        /// The number, or the dtype if it is no float.
        found: String,
        /// Dtype of the model.
        dtype: String,
    },
    /// The shape of a tensor differs from the model's.
    #[error("{}: tensor `{tensor}` should have shape {expected:?}, but has {found:?}", Escaped(path.display()))]
    Shape {
        /// Path of the file.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
        /// Shape in the model.
        expected: Vec<usize>,
        /// Shape in the file.
        found: Vec<usize>,
    },
    /// The file lacks a tensor of the model.
    #[error("{}: tensor `{tensor}` is missing", Escaped(path.display()))]
    Missing {
        /// Path of the file.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
    },
    /// The file holds a model, but no training run.
    #[error(
        "{} holds a model, but no training run to go on with: \
         name a folder or a file that `Checkpoint` wrote", Escaped(path.display())
    )]
    NoRun {
        /// Path of the file.
        path: PathBuf,
    },
    /// The saved run is inconsistent: counters, numbers or names contradict each other or the
    /// model.
    #[error("{} holds a run that cannot go on: {}", Escaped(path.display()), Escaped(reason))]
    Run {
        /// Path of the file.
        path: PathBuf,
        /// The inconsistency that was found.
        reason: String,
    },
    /// A setting of the saved run differs from the current run. Resuming would not reproduce the
    /// uninterrupted run.
    #[error(
        "{} is of a run that differs in {setting}: this one has {expected}, that one {}",
        Escaped(path.display()), Escaped(found)
    )]
    OtherRun {
        /// Path of the file.
        path: PathBuf,
        /// Name of the setting.
        setting: String,
        /// Its value in the current run.
        expected: String,
        /// Its value in the saved run.
        found: String,
    },
    /// A part of a checkpoint is missing: a rank's rows of the sharded tables.
    #[error(
        "{} is in parts, of which {} is missing: copy it from the machine that wrote it, or name a \
         checkpoint with all parts", Escaped(path.display()), Escaped(part.display())
    )]
    MissingPart {
        /// Path of the file that all ranks have in common.
        path: PathBuf,
        /// Path of the missing part.
        part: PathBuf,
    },
    /// A part belongs to another checkpoint of the same name.
    #[error(
        "{} is no part of {}, but of another run or time: copy the parts that were written with it",
        Escaped(part.display()), Escaped(path.display())
    )]
    OtherPart {
        /// Path of the file that all ranks have in common.
        path: PathBuf,
        /// Path of the part.
        part: PathBuf,
    },
    /// The file is a part of a checkpoint.
    #[error(
        "{} is part {} of a checkpoint: name the file without a part, which finds its parts",
        Escaped(path.display()), Escaped(part)
    )]
    Part {
        /// Path of the file.
        path: PathBuf,
        /// Which part it is, as in `2 of 4`.
        part: String,
    },
    /// The newest checkpoint of a folder cannot be used.
    #[error("{error}; {}", LastIntact(whole))]
    Newest {
        /// The error of the newest checkpoint.
        error: Box<CheckpointError>,
        /// The newest intact checkpoint of the folder, if there is one.
        whole: Option<PathBuf>,
    },
    /// The file holds a tensor that the model does not have.
    #[error(
        "{} holds a tensor {}, which the model does not have",
        Escaped(path.display()), Quoted(tensor)
    )]
    Extra {
        /// Path of the file.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
    },
}

/// Displays the advice for a damaged newest checkpoint: the last intact one, if there is one.
struct LastIntact<'a>(&'a Option<PathBuf>);

impl std::fmt::Display for LastIntact<'_> {
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
