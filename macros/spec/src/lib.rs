//! The specification of layers, merges, losses, metrics and preprocessing steps: names, arguments,
//! output shapes and parameter counts. The macro uses it at compile time, and the runtime
//! re-exports it for constants of the expansion, so every formula is written once.
#![forbid(unsafe_code)]
// Constants cannot allocate, so an error text contains its bytes.
#![allow(clippy::result_large_err)]

mod activation;
pub mod agree;
#[cfg(test)]
mod aliases;
mod argument;
pub mod cost;
pub mod derived;
mod doc;
pub mod layer;
pub mod lock;
pub mod loss;
pub mod mask;
pub mod merge;
pub mod metric;
pub mod names;
mod onnx;
pub mod own;
mod range;
pub mod rename;
mod shape;
mod size;
pub mod step;
#[cfg(test)]
mod tables;
mod text;

pub use activation::{Activation, ACTIVATIONS};
pub use argument::{in_words, ArgumentKind, Nested, Padding, Parameter, TokenizerFile, Value};
pub use doc::Doc;
pub use loss::{HeadForm, Loss, LossForm, Part, Predicted, Target, TargetSteps, LOSSES};
pub use mask::MaskRule;
pub use metric::{Metric, Variant, AVERAGES, METRICS};
pub use onnx::Onnx;
pub use range::Range;
pub use shape::{Kind, Shape, MAX_RANK};
pub use size::Size;
pub use text::Text;
