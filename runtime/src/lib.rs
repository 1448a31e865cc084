//! Typed multi-input models on dfdx, from one annotated struct.

pub mod definition;
pub mod kernel;
pub mod layer;
mod tensor;
