//! The training loop, independent of the type of the model.
//!
//! [`Setup`] holds all settings, `check` validates them, `fit` loops over epochs and steps, `run`
//! holds the state of a run, `step` trains on one batch, `stream` prepares the batches of a source
//! on another thread, and `saved` saves and resumes a run.

mod agreement;
mod asked;
mod batch;
mod branches;
mod check;
mod clip;
mod conduct;
mod counting;
mod exchange;
mod fingerprint;
#[allow(clippy::module_inception)] // The main module of this folder.
mod fit;
mod fit_from;
mod frozen_scale;
mod gradients;
pub(crate) mod inspect;
mod learning_rate_finder;
mod left_out;
mod moving_average;
mod not_finite;
mod notices;
mod order;
mod passes;
mod preprocessing;
mod rank_scores;
mod ranks;
mod run;
mod same_run;
mod saved;
mod saved_check;
mod settings;
mod setup;
mod shares;
mod shuffle_buffer;
mod source_shards;
mod statistics_backup;
mod step;
mod stream;
mod untrained;
mod validation;
mod vectors;
mod weighting;

pub use self::{
    clip::Clip, learning_rate_finder::LearningRateCurve, moving_average::MovingAverage,
    settings::Shuffle,
};
pub(crate) use self::{
    left_out::LeftOut,
    settings::{ClassWeights, Refit, Settings, ValidationRows},
    setup::{Checked, Setup},
    stream::{GatherCounts, RowsOfSource},
    validation::SampleTables,
    weighting::Weighting,
};
