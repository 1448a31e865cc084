//! Typed multi-input models on dfdx, from one annotated struct.

#[cfg(test)]
mod check_gradients;
pub mod definition;
pub mod kernel;
pub mod layer;
pub mod merge;
pub mod missing;
mod tensor;
