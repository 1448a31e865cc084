//! Training a typed model: [`Trainer`] takes the settings, and hands them with the model and its rows, both
//! without their types, to the loop.

mod fit;
mod importance;
mod sources;
mod trainer;

pub use multi_input_nn::Penalties;

pub use self::trainer::Trainer;
pub use crate::{
    definition::{ClassOutput, Droppable, NodeOf, OptionalInputOf, OutputOf},
    fit::{Clip, LearningRateCurve, MovingAverage, Shuffle},
    metric::Targets,
};
