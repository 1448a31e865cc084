//! Training a typed model: [`Trainer`] collects the settings and passes them with the untyped model
//! and rows to the training loop.

mod fit;
mod importance;
mod on_one_thread;
mod sources;
mod trained_by;
mod trainer;

pub use multi_input_nn::Penalties;

pub use self::{
    sources::SamplesOf,
    trained_by::TrainedBy,
    trainer::{TakesOptimizer, Trainer},
};
pub use crate::{
    definition::{
        ClassOutput, Droppable, HasClasses, NodeIn, NodeOf, NodesOf, OptionalInputOf, OutputIn,
        OutputOf, SharedName,
    },
    fit::{Clip, LearningRateCurve, MovingAverage, Shuffle},
    metric::Targets,
};
