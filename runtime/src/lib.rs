//! Multi-input models: an annotated struct becomes a typed [dfdx] module with its row types and its
//! training.
//!
//! Start with [`multi_input_model`], which documents the DSL, and the [`prelude`].
//!
//! | to | see |
//! |---|---|
//! | define a model | [`multi_input_model`] |
//! | train, predict, save | [`Trainer`](train::Trainer), [`Model`]; by hand: [`Model::batch`] |
//! | read rows | [`data`] |
//! | look up a layer or a merge | [`layer`], [`merge`] |
//! | choose loss, metric, optimizer | [`loss`], [`metric`], [`optim`] |
//! | evaluate a run | [`report`], [`importance`] |
//! | intervals, calibrated probabilities, thresholds | [`uncertainty`] |
//! | compare with simple predictors, find where a model is worse | [`baselines`], [`slices`] |
//! | find values that training has not seen | [`unknown`] |
//! | serve predictions over HTTP | `serve`, with the feature of this name |
//! | describe inputs and predictions to other programs | [`description`] |
//! | train on several processes or machines | [`cluster`] |
//! | explain predictions | [`attribution`], [`partial_dependence`] |
//! | stop early, log, save checkpoints, resume | [`callback`], [`Trainer::resume`](train::Trainer::resume) |
//! | understand a compile error | [`errors`] |
#![forbid(unsafe_code)]

pub mod attribution;
pub mod baselines;
pub mod callback;
mod cell_text;
pub mod checkpoint;
mod checksum;
pub mod cluster;
mod compute;
pub mod data;
pub mod definition;
pub mod description;
pub mod errors;
mod exact_sum;
mod feature;
mod fit;
pub mod foreign;
pub mod history;
pub mod importance;
pub mod kernel;
mod lossless;
pub mod metric;
pub mod model;
mod objective;
#[cfg(feature = "onnx")]
pub mod onnx;
mod page;
pub mod partial_dependence;
mod plot;
#[doc(hidden)]
pub mod private;
pub mod report;
mod row_losses;
#[cfg(feature = "serve")]
pub mod serve;
mod short;
pub mod slices;
#[cfg(test)]
mod tests;
mod text_table;
pub mod train;
pub mod transfer;
pub mod uncertainty;
pub mod unknown;
mod untyped;

pub use compute::Compute;
pub use data::{Class, Counts, Image, LabelProbabilities, Normal, Probabilities, Quantiles};
pub use model::{Baselines, Model, Summary};
pub use multi_input_base::{Error, Notice, NoticeKind, Result, Seed};
pub use multi_input_data::{preprocess, Newtype};
pub use multi_input_kernel::with_threads;
#[doc = include_str!("multi_input_model.md")]
pub use multi_input_macros::multi_input_model;
pub use multi_input_macros::Newtype;
pub use multi_input_nn::{layer, loss, merge, missing, optim};

/// The items that a program for training a model needs.
pub mod prelude {
    pub use crate::{
        attribution::Attribution,
        callback::{
            Checkpoint, CsvLog, EarlyStopping, Freeze, Interrupt, JsonLog, LearningRateSchedule,
            Monitor, Progress, ReduceOnPlateau, Schedule, TensorBoard, TerminateOnNan, Timer,
        },
        data::{read_csv, Class, Image, LabelProbabilities, Probabilities, Source, Split},
        definition::{Definition, Network, RowTypes},
        history::{Evaluation, History},
        importance::Importance,
        metric, multi_input_model, nodes,
        optim::{Adam, AdamW, RmsProp, Sgd},
        partial_dependence::PartialDependence,
        report::Report,
        slices::Slices,
        train::{Clip, MovingAverage, Shuffle, Trainer},
        transfer::Weights,
        Baselines, Model, Newtype, Seed,
    };
    pub use dfdx::tensor::Cpu;
}

/// The code in pages outside the crate, compiled as doc tests.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../README.md")]
    struct Readme;
    #[doc = include_str!("../../docs/answers.md")]
    struct Answers;
    #[doc = include_str!("../../docs/from-keras.md")]
    struct FromKeras;
    #[doc = include_str!("../../docs/scale.md")]
    struct Scale;
    #[cfg(feature = "onnx")]
    #[doc = include_str!("../../docs/onnx.md")]
    struct Onnx;
}
