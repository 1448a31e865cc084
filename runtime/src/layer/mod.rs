//! The layers, one file each, named as in Keras and following Keras's numbers.
//!
//! Every layer is a dfdx module: `Module` for inference, `ModuleMut` for training,
//! `TensorCollection` for its parameters, so dfdx's own optimizers, `num_params` and the rest work
//! on it. The batch dimension `B` comes first and may be a constant or a `usize`.

pub mod activation;
mod batch_norm;
mod dense;
mod draw;
mod dropout;
mod embedding;
mod flatten;
mod frozen;
mod gru;
mod initialize;
mod layer_norm;
mod lstm;
mod multi_head_attention;
mod positional_embedding;
mod recurrent;
mod reshape;
mod sample;
mod simple_rnn;
mod statistics;

pub use batch_norm::BatchNorm;
pub use dense::Dense;
pub use draw::Draw;
pub use dropout::Dropout;
pub use embedding::Embedding;
pub use flatten::Flatten;
pub use frozen::Frozen;
pub use gru::GRU;
pub use layer_norm::LayerNorm;
pub use lstm::LSTM;
pub use multi_head_attention::MultiHeadAttention;
pub use positional_embedding::PositionalEmbedding;
pub use recurrent::{StepShape, Steps};
pub use reshape::Reshape;
pub use sample::{Batched, SampleShape};
pub use simple_rnn::SimpleRNN;
