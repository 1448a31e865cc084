//! The loops below the layers, and the only place for `unsafe`.
//!
//! Layers speak of tensors and tapes; what they compute on is slices, which they get here.

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
