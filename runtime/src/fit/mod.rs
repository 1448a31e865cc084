//! The training loop, whatever the type of the model.
//!
//! [`Setup`] has all settings, `check` looks at them, `fit` loops over epochs and steps, `run` is what
//! changes meanwhile, `step` trains on one batch, `stream` prepares the batches of a source on a thread of
//! its own, and `saved` writes a run down and takes it up again.

mod branches;
mod check;
mod clip;
mod counting;
mod fingerprint;
#[allow(clippy::module_inception)] // What the room is named after.
mod fit;
mod fit_from;
mod gradients;
pub(crate) mod inspect;
mod learning_rate_finder;
mod left_out;
mod mixer;
mod moving_average;
mod notices;
mod order;
mod run;
mod same_run;
mod saved;
mod settings;
mod setup;
mod sound;
mod statistics;
mod step;
mod stream;
mod untrained;
mod validation;
mod weighing;

pub use self::{
    clip::Clip, learning_rate_finder::LearningRateCurve, moving_average::MovingAverage,
    settings::Shuffle,
};
pub(crate) use self::{
    left_out::LeftOut,
    settings::{ClassWeights, Settings, ValidationRows},
    setup::{Checked, Setup},
    stream::RowsOfSource,
    validation::{Pass, SampleTables},
    weighing::Weighing,
};
