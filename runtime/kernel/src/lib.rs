//! The loops below the layers of multi-input, and the only crate of it with `unsafe`: each block has its
//! reason beside it, and its tests also run without wide registers ([`wide`]).
//!
//! Layers speak of tensors and tapes; what they compute on is slices, which they get here. The crate knows
//! nothing of layers, models or training. Nobody but multi-input's own crates is meant to depend on it.
//!
//! | module | has |
//! |---|---|
//! | [`backend`] | the border to dfdx: a tensor as a slice, an [`Operation`](operation::Operation) on slices as one on tensors, memory that is used again |
//! | [`element`] | a dtype, and what there is for each: registers, products, pools of buffers |
//! | [`spread`] | work spread over the cores, with the same bits for any number of them |
//! | all others | loops over slices, one file a thing |
//!
//! A new loop is a file of its own: over [`Element`]s, spread by [`spread::each`], its arithmetic in a
//! `wide_fn!` where the compiler can widen it. Another device is an `impl` of [`Backend`].

pub mod backend;
pub mod convolution;
pub mod element;
pub mod factor;
pub mod gru;
pub mod matmul;
pub mod past;
mod places;
pub mod pooled;
pub mod recurrent;
pub mod rest;
pub mod slide;
pub mod spread;
pub mod sweep;
mod team;
pub mod update;
pub mod windows;
mod winograd;

pub use backend::{
    indices, operation, record, reshape, AnyTensor, Backend, Flat, Input, Operand, Recorded,
    Recycling,
};
pub use element::{wide, ByDtype, Element};
pub use past::{Owed, Pace, Steps};
pub use spread::with_threads;
