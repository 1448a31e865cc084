//! Training a typed model: [`Trainer`] collects the settings and passes them with the untyped model
//! and rows to the training loop.

mod fit;
mod importance;
mod sources;
mod trainer;

pub use multi_input_nn::Penalties;

pub use self::trainer::Trainer;
pub use crate::{
    definition::{ClassOutput, Droppable, NodeOf, NodesOf, OptionalInputOf, OutputOf, SharedName},
    fit::{Clip, LearningRateCurve, MovingAverage, Shuffle},
    metric::Targets,
};
