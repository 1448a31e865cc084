//! Typed multi-input models on dfdx, from one annotated struct.

#[cfg(test)]
mod by_hand;
pub mod callback;
#[cfg(test)]
mod check_gradients;
pub mod checkpoint;
pub mod data;
pub mod definition;
mod error;
pub mod history;
pub mod kernel;
pub mod layer;
pub mod loss;
pub mod merge;
pub mod metric;
pub mod missing;
pub mod model;
pub mod optim;
mod parameters;
pub mod preprocess;
#[doc(hidden)]
pub mod private;
mod seed;
mod tensor;
pub mod train;

pub use data::{Class, Probabilities};
pub use error::{Error, Result};
pub use model::{Model, Summary};
pub use multi_input_macros::multi_input_model;
pub use seed::Seed;

/// What a program that trains a model needs.
pub mod prelude {
    pub use crate::{
        callback::{EarlyStopping, Monitor},
        data::{read_csv, Class, Probabilities, Split},
        definition::{Definition, Network},
        history::{Evaluation, History},
        metric, multi_input_model,
        optim::{Adam, AdamW, RmsProp, Sgd},
        train::{Progress, Shuffle, Trainer},
        Model, Seed,
    };
    pub use dfdx::tensor::Cpu;
}
