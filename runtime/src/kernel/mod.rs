//! The loops below the layers, and the only place for `unsafe`.
//!
//! Layers speak of tensors and tapes; what they compute on is slices, which they get here.

mod backend;
pub(crate) mod gru;
pub(crate) mod matmul;
pub(crate) mod recurrent;
pub(crate) mod transparent;
mod view;
mod wide;
pub(crate) mod windows;

pub use backend::{Backend, Element};
