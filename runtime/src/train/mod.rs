//! The training loop.
//!
//! [`Trainer`] takes the settings, `check` looks at all of them, `fit` loops over epochs and steps,
//! `run` is what changes meanwhile, `step` trains on one batch,
//! `stream` prepares the batches of a source on a thread of its own, and `saved` writes a run down and
//! takes it up again.

mod branches;
mod check;
mod clip;
mod counting;
mod fingerprint;
mod fit;
mod fit_from;
mod gradients;
mod handle;
mod learning_rate_finder;
mod mixer;
mod moving_average;
mod notices;
mod objective;
mod row_weights;
mod rows;
mod run;
mod same_run;
mod saved;
mod score;
mod setup;
mod sound;
mod statistics;
mod step;
mod stream;
mod trainer;
mod untrained;
mod validation;
pub(crate) mod watch;

pub(crate) use branches::branch_mistake;
pub use clip::Clip;
pub use handle::{ClassOutput, Droppable, NodeOf, OptionalInputOf, OutputOf};
pub use learning_rate_finder::LearningRateCurve;
pub use moving_average::MovingAverage;
pub use multi_input_nn::Penalties;
pub use notices::Targets;
pub(crate) use objective::{head_values, target_row, Objective};
pub(crate) use row_weights::RowWeights;
pub(crate) use rows::{check_targets, encode, Chunk, Rows};
pub(crate) use score::{reported, Scores};
pub(crate) use setup::{Checked, Setup};
pub(crate) use stream::RowsOfSource;
pub use trainer::{Shuffle, Trainer};
