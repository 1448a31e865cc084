//! One safetensors file for a model: all tensors, the fitted preprocessing, and the signature that
//! says whose they are.

mod error;
mod read;
mod signature;
mod write;

pub use error::CheckpointError;
pub(crate) use read::load;
pub(crate) use signature::Signature;
pub(crate) use write::save;

/// The version of what the metadata holds.
const FORMAT: &str = "1";

/// The keys of the metadata.
mod key {
    pub(super) const FORMAT: &str = "multi_input.format";
    pub(super) const SIGNATURE: &str = "multi_input.signature";
    pub(super) const PREPROCESSING: &str = "multi_input.preprocessing";
}

/// The dtype of a model's tensors in the file.
fn dtype<E>() -> safetensors::Dtype {
    match std::mem::size_of::<E>() {
        8 => safetensors::Dtype::F64,
        _ => safetensors::Dtype::F32,
    }
}
