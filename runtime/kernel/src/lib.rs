//! CPU kernels below the layers of multi-input. This is the only crate of multi-input with
//! `unsafe`. Every `unsafe` block states its reason, and the tests also run without SIMD
//! ([`simd_dispatch`]).
//!
//! Layers work on tensors and tapes; this crate works on slices and knows nothing of layers, models
//! or training. It is an internal dependency of multi-input's other crates.
//!
//! | module | content |
//! |---|---|
//! | [`backend`] | the border to dfdx: tensors as slices, an [`Operation`](operation::Operation) on slices as an operation on tensors, recycled memory |
//! | [`element`] | a dtype and its resources: SIMD registers, matrix products, buffer pools |
//! | [`parallel`] | parallel loops whose results have the same bits for any number of threads |
//! | all others | loops over slices, one algorithm per file |
//!
//! A new loop is a file of its own, generic over [`Element`], parallel through
//! [`parallel::for_each`], with its arithmetic in a `simd_fn!` where the compiler can vectorize it.
//! Another device is an `impl` of [`Backend`].

pub mod backend;
pub mod catch_up;
pub mod convolution;
pub mod element;
pub mod gemv;
pub mod gru;
mod im2col;
pub mod matmul;
pub mod parallel;
pub mod pending_steps;
pub mod pooled;
pub mod recurrent;
pub mod slide;
pub mod sweep;
mod thread_pool;
pub mod update;
pub mod windows;
mod winograd;

pub use backend::{
    indices, operation, record, reshape, AnyTensor, Backend, Flat, Input, Operand, Recorded,
    Recycling,
};
pub use element::{simd_dispatch, ByDtype, Element};
pub use parallel::{thread_limit, with_threads};
pub use pending_steps::{PendingSteps, StepSize, Steps};
