//! Typed multi-input models on dfdx, from one annotated struct.

pub mod definition;
#[cfg(test)]
mod check_gradients;
pub mod kernel;
pub mod layer;
pub mod merge;
pub mod missing;
mod tensor;
