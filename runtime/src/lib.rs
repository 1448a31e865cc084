//! Typed multi-input models on dfdx, from one annotated struct.

#[cfg(test)]
mod by_hand;
pub mod callback;
pub mod checkpoint;
pub mod data;
pub mod definition;
mod error;
pub mod history;
pub mod kernel;
pub mod layer;
pub mod loss;
pub mod metric;
pub mod model;
pub mod optim;
mod parameters;
pub mod preprocess;
mod seed;
mod tensor;
pub mod train;

pub use error::{Error, Result};
pub use model::Model;
pub use seed::Seed;

/// What a program that trains a model needs.
pub mod prelude {
    pub use crate::{
        callback::{EarlyStopping, Monitor},
        data::{read_csv, Class, Probabilities, Split},
        history::{Evaluation, History},
        optim::{Adam, AdamW, RmsProp, Sgd},
        train::{Progress, Shuffle, Trainer},
        Model, Seed,
    };
    pub use dfdx::tensor::Cpu;
}
