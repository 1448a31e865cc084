//! The loops below the layers, and the only place for `unsafe`.
//!
//! Layers speak of tensors and tapes; what they compute on is slices, which they get here.

mod backend;
pub mod convolution;
mod emptied;
pub mod factor;
mod flat;
pub mod gru;
pub mod matmul;
pub mod operation;
pub mod past;
mod places;
pub mod pooled;
mod record;
pub mod recurrent;
mod register;
pub mod rest;
mod scratch;
mod sizes;
pub mod slide;
mod spares;
pub mod spread;
pub mod sweep;
mod team;
pub mod update;
mod view;
pub mod wide;
pub mod windows;
mod winograd;

pub use backend::{Backend, ByDtype, Element, Recycling};
pub use flat::{indices, reshape};
pub use flat::{AnyTensor, Flat, Input, Operand};
pub use past::{Owed, Pace, Steps};
pub use record::record;
pub use record::Recorded;
pub use spread::with_threads;
