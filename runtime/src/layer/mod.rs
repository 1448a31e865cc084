//! The layers, one file each, named as in Keras and following Keras's numbers.
//!
//! Every layer is a dfdx module: `Module` for inference, `ModuleMut` for training,
//! `TensorCollection` for its parameters, so dfdx's own optimizers, `num_params` and the rest work
//! on it. The batch dimension `B` comes first and may be a constant or a `usize`.

pub mod activation;
mod dense;
mod draw;
mod initialize;

pub use dense::Dense;
pub use draw::Draw;
