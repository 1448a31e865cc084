//! Models that take several inputs: an annotated struct becomes a typed [dfdx] module, its rows and
//! its training.
//!
//! Start with [`multi_input_model`], which documents what can be written, and the [`prelude`].
//!
//! | to | see |
//! |---|---|
//! | define a model | [`multi_input_model`] |
//! | train, predict, save | [`Trainer`](train::Trainer), [`Model`] |
//! | read rows | [`data`] |
//! | look up a layer or a merge | [`layer`], [`merge`] |
//! | choose loss, metric, optimizer | [`loss`], [`metric`], [`optim`] |
//! | stop early | [`callback`] |
//! | understand an error while compiling | [`errors`] |

#[cfg(test)]
mod by_hand;
pub mod callback;
#[cfg(test)]
mod check_gradients;
pub mod checkpoint;
pub mod data;
pub mod definition;
mod error;
pub mod errors;
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
#[doc = include_str!("attribute.md")]
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

/// The README's code, compiled with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
