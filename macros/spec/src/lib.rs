//! What multi-input's layers and merges *are*: names, arguments, output shapes and parameter
//! counts. The macro asks at compile time, the runtime re-exports it for the constants of the
//! expansion, and so no formula is written twice.
#![forbid(unsafe_code)]
// Constants cannot allocate, so an error text carries its bytes with it.
#![allow(clippy::result_large_err)]

mod activation;
pub mod agree;
mod argument;
pub mod derived;
mod doc;
pub mod layer;
mod loss;
pub mod mask;
pub mod merge;
mod range;
mod shape;
mod size;
pub mod step;
#[cfg(test)]
mod tables;
mod text;

pub use activation::{Activation, ACTIVATIONS};
pub use argument::{ArgumentKind, Nested, Padding, Parameter, TokenizerFile, Value};
pub use doc::Doc;
pub use loss::{Loss, Metric, Target, TargetSteps, LOSSES, METRICS};
pub use mask::MaskRule;
pub use range::Range;
pub use shape::{Kind, Shape, MAX_RANK};
pub use size::Size;
pub use text::Text;
