//! ONNX files: the messages, a graph whose values have shapes, and what each layer and merge of
//! the spec is in it.
//!
//! A translation takes a description of the layer (its row of the spec, its arguments and its
//! tensors) and the [`Value`] that flows in, and appends operators to the [`Graph`]. It knows
//! neither dfdx nor rows, so a layer's translation is a file beside its others: `layer/NAME.rs`.
//!
//! The network computes in `f32`. Every value has the batch as its first axis, which is the only
//! axis of unknown size, apart from those of lists and pictures.
#![forbid(unsafe_code)]

pub mod activation;
mod file;
mod graph;
pub mod layer;
pub mod merge;
mod proto;
mod refusal;
mod tensor;
#[cfg(test)]
mod testing;
mod value;

pub use file::File;
pub use graph::{Attribute, Graph, Operator};
pub use layer::{Flow, LayerCall};
pub use merge::{MergeCall, Operand};
pub use refusal::Refusal;
pub use tensor::Tensor;
pub use value::{DataType, Dim, Value};
