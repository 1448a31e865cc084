//! Models and training runs in safetensors files.
//!
//! A model's file holds all its tensors, the record of what training has reached under names that
//! begin with `coverage/` and, as texts, the fitted preprocessing, the signature that says whose they
//! are, and a checksum over all of it. A run's file holds the same, so that it is a
//! model's file too, and besides, under names that begin with `training/`, everything that the run
//! needs to go on.

mod coverage;
mod file;
mod folder;
mod model;
mod run;
mod signature;

#[cfg(test)]
pub(crate) use file::{Contents, Stored};
pub(crate) use folder::{create, in_folder, keep_newest, path_in, BEST};
pub(crate) use model::{load, save};
pub use multi_input_base::CheckpointError;
pub(crate) use run::{load_run, save_run, SavedRun};
pub(crate) use signature::Signature;

/// The version of what the files hold.
const FORMAT: &str = "2";

/// The keys of the texts.
mod key {
    pub(super) const FORMAT: &str = "multi_input.format";
    pub(super) const CHECKSUM: &str = "multi_input.checksum";
    pub(super) const SIGNATURE: &str = "multi_input.signature";
    pub(super) const PREPROCESSING: &str = "multi_input.preprocessing";
    pub(super) const COVERAGE: &str = "multi_input.coverage";
    pub(super) const RUN: &str = "multi_input.run";
}

/// What the names of a run's own tensors begin with; no field is called so.
const TRAINING: &str = "training/";

/// What the names of the records of what training has reached begin with; no field is called so.
const COVERAGE: &str = "coverage/";
