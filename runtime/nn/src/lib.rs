//! Layers for dfdx on stable Rust.
#![forbid(unsafe_code)]

#[cfg(test)]
mod check_gradients;
pub mod layer;
pub mod lazy;
pub mod loss;
mod mask;
pub mod merge;
pub mod missing;
mod operation;
pub mod optim;
pub mod parameters;
mod penalties;
mod tensor;

pub use penalties::Penalties;
