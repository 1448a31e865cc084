//! The training loop.

mod fit;
mod objective;
mod output_of;
mod penalties;
mod progress;
mod row_weights;
mod score;
mod trainer;

pub(crate) use objective::{head_values, Objective};
pub use output_of::OutputOf;
pub use penalties::Penalties;
pub use progress::Progress;
pub(crate) use row_weights::RowWeights;
pub(crate) use score::Scores;
pub(crate) use trainer::encode;
pub use trainer::{Shuffle, Trainer};
