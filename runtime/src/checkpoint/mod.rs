//! Models and training runs in safetensors files.
//!
//! A model's file holds all tensors, the coverage of training under names that begin with
//! `coverage/`, and as texts the fitted preprocessing, the intervals and calibrations that the
//! model keeps, the signature of the model, and a checksum over everything. A run's file is also a
//! model's file; it holds in addition the state of the run, under names that begin with `training/`.
//!
//! Of a model whose tables are divided among ranks, a file is that of the whole model, which rank 0
//! writes as it gets the rows from the others (`whole.rs`). A checkpoint of its run is in parts, one
//! for each rank (`parts.rs`). A model reads either, with the rows that it holds (`rows.rs`).

mod coverage;
mod file;
mod folder;
mod keeping;
mod model;
pub(crate) mod names;
mod parts;
mod reading;
mod renames;
mod rows;
mod run;
mod signature;
mod weights;
mod whole;
mod writing;

#[cfg(test)]
pub(crate) use file::{Contents, Stored};
pub(crate) use folder::{create, in_folder, path_in, BEST};
pub(crate) use keeping::keep_newest;
pub(crate) use model::{load, save, Dtypes};
pub use multi_input_base::CheckpointError;
pub(crate) use run::{fields_of_run, load_run, save_run, shards_of_run, SavedRun};
pub(crate) use signature::Signature;
pub use weights::Weights;

/// The version of the file format.
const FORMAT: &str = "2";

/// The keys of the texts.
mod key {
    pub(super) const FORMAT: &str = "multi_input.format";
    pub(super) const CHECKSUM: &str = "multi_input.checksum";
    pub(super) const SIGNATURE: &str = "multi_input.signature";
    pub(super) const PREPROCESSING: &str = "multi_input.preprocessing";
    pub(super) const TAKEN: &str = "multi_input.taken";
    pub(super) const COVERAGE: &str = "multi_input.coverage";
    pub(super) const UNCERTAINTY: &str = "multi_input.uncertainty";
    pub(super) const RUN: &str = "multi_input.run";
    /// The parts of a checkpoint.
    pub(super) const PARTS: &str = "multi_input.parts";
    /// Which part a file is.
    pub(super) const PART: &str = "multi_input.part";
}

/// The prefix of the names of a run's tensors; no field has such a name.
const TRAINING: &str = "training/";

/// The prefix of the names of the coverage; no field has such a name.
const COVERAGE: &str = "coverage/";
