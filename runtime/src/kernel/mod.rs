//! The loops below the layers, and the only place for `unsafe`.
//!
//! Layers speak of tensors and tapes; what they compute on is slices, which they get here.

mod backend;
pub(crate) mod convolution;
mod emptied;
pub(crate) mod factor;
mod flat;
pub(crate) mod gru;
pub(crate) mod matmul;
pub mod operation;
pub(crate) mod past;
mod places;
pub(crate) mod pooled;
mod record;
pub(crate) mod recurrent;
mod register;
pub(crate) mod rest;
mod scratch;
mod sizes;
pub(crate) mod slide;
mod spares;
pub(crate) mod spread;
pub(crate) mod sweep;
mod team;
pub(crate) mod update;
mod view;
pub(crate) mod wide;
pub(crate) mod windows;
mod winograd;

pub use backend::{Backend, ByDtype, Element, Recycling};
pub(crate) use flat::{indices, reshape};
pub use flat::{AnyTensor, Flat, Input, Operand};
pub use past::{Owed, Pace, Steps};
pub(crate) use record::record;
pub use record::Recorded;
