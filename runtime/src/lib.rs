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
//! | see how it went | [`report`], [`importance`] |
//! | stop early, log, keep checkpoints, go on | [`callback`], [`Trainer::resume`](train::Trainer::resume) |
//! | understand an error while compiling | [`errors`] |

#[cfg(test)]
mod by_hand;
pub mod callback;
#[cfg(test)]
mod check_gradients;
pub mod checkpoint;
mod checksum;
mod compute;
pub mod data;
pub mod definition;
mod error;
pub mod errors;
pub mod history;
pub mod importance;
pub mod kernel;
pub mod layer;
mod lazy;
pub mod loss;
mod lossless;
pub mod merge;
pub mod metric;
pub mod missing;
pub mod model;
mod notice;
mod operation;
pub mod optim;
mod parameters;
pub mod preprocess;
#[doc(hidden)]
pub mod private;
mod quote;
pub mod report;
mod seed;
mod tensor;
pub mod train;

pub use compute::Compute;
pub use data::{Class, Image, LabelProbabilities, Probabilities};
pub use error::{Error, Result};
pub use kernel::spread::with_threads;
pub use model::{Model, Summary};
#[doc = include_str!("attribute.md")]
pub use multi_input_macros::multi_input_model;
pub use notice::{Notice, NoticeKind};
pub use seed::Seed;

/// What a program that trains a model needs.
pub mod prelude {
    pub use crate::{
        callback::{
            Checkpoint, CsvLog, EarlyStopping, Freeze, Interrupt, JsonLines, LearningRateSchedule,
            Monitor, Progress, ReduceOnPlateau, Schedule, TensorBoard, TerminateOnNan, Timer,
        },
        data::{read_csv, Class, Image, LabelProbabilities, Probabilities, Split},
        definition::{Definition, Network},
        history::{Evaluation, History},
        importance::Importance,
        metric, multi_input_model,
        optim::{Adam, AdamW, RmsProp, Sgd},
        report::Report,
        train::{Clip, MovingAverage, Shuffle, Trainer},
        Model, Seed,
    };
    pub use dfdx::tensor::Cpu;
}

/// The README's code, compiled with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
