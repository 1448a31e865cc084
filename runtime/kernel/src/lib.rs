//! The loops below the layers of multi-input, and the only crate of it with `unsafe`: each block has its
//! reason beside it, and its tests also run without wide registers ([`simd_dispatch`]).
//!
//! Layers speak of tensors and tapes; what they compute on is slices, which they get here. The crate knows
//! nothing of layers, models or training. Nobody but multi-input's own crates is meant to depend on it.
//!
//! | module | has |
//! |---|---|
//! | [`backend`] | the border to dfdx: a tensor as a slice, an [`Operation`](operation::Operation) on slices as one on tensors, memory that is used again |
//! | [`element`] | a dtype, and what there is for each: registers, products, pools of buffers |
//! | [`parallel`] | work spread over the cores, with the same bits for any number of them |
//! | all others | loops over slices, one file a thing |
//!
//! A new loop is a file of its own: over [`Element`]s, spread by [`parallel::for_each`], its arithmetic in a
//! `simd_fn!` where the compiler can widen it. Another device is an `impl` of [`Backend`].

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
pub use parallel::with_threads;
pub use pending_steps::{PendingSteps, StepSize, Steps};
