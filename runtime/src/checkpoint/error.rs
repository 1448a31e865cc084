//! Why a checkpoint could not be loaded. The model is as it was in every case.

use std::path::PathBuf;

/// Why a checkpoint could not be loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The file is cut off or was changed.
    #[error("{} is damaged or no safetensors file: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// The file was not written by this crate, or by a newer version of it.
    #[error(
        "{} has format {found}, but this version reads format {expected}: \
         save the model anew, or update `multi-input`", path.display()
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
        "{} holds another model, which differs first in {place}: \
         the model has {expected}, the file has {found}", path.display()
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
        "tensor `{tensor}` should hold {expected}, but holds {found}: load it into such a model"
    )]
    Dtype {
        /// The tensor.
        tensor: String,
        /// The model's dtype.
        expected: String,
        /// The file's.
        found: String,
    },
    /// A tensor has another shape.
    #[error("tensor `{tensor}` should have shape {expected:?}, but has {found:?}")]
    Shape {
        /// The tensor.
        tensor: String,
        /// The model's shape.
        expected: Vec<usize>,
        /// The file's.
        found: Vec<usize>,
    },
    /// A tensor is not there.
    #[error("tensor `{tensor}` is missing in the file")]
    Missing {
        /// The tensor.
        tensor: String,
    },
    /// A tensor is too many.
    #[error("the file holds a tensor `{tensor}`, which the model does not have")]
    Extra {
        /// The tensor.
        tensor: String,
    },
}
