//! The layers, one file each, named as in Keras and following Keras's numbers.
//!
//! Every layer is a dfdx module: `Module` for inference, `ModuleMut` for training,
//! `TensorCollection` for its parameters, so dfdx's own optimizers, `num_params` and the rest work
//! on it. The batch dimension `B` comes first and may be a constant or a `usize`.

pub mod activation;
mod avg_pool1d;
mod avg_pool2d;
mod batch_norm;
mod conv1d;
mod conv2d;
mod convolution;
mod dense;
mod draw;
mod dropout;
mod embedding;
mod flatten;
mod frozen;
mod global_average_pool1d;
mod global_average_pool2d;
mod global_max_pool1d;
mod global_max_pool2d;
mod gru;
mod initialize;
mod layer_norm;
mod lstm;
mod max_pool1d;
mod max_pool2d;
mod multi_head_attention;
mod origin;
mod pixels;
mod pooling;
mod positional_embedding;
mod recurrent;
mod reshape;
mod sample;
mod simple_rnn;
mod slide;
mod statistics;
mod up_sampling2d;
mod zero_pad2d;

pub use avg_pool1d::AvgPool1D;
pub use avg_pool2d::AvgPool2D;
pub use batch_norm::BatchNorm;
pub use conv1d::Conv1D;
pub use conv2d::Conv2D;
pub use dense::{Dense, LastAxis};
pub use draw::Draw;
pub use dropout::Dropout;
pub use embedding::Embedding;
pub use flatten::Flatten;
pub use frozen::Frozen;
pub use global_average_pool1d::GlobalAveragePool1D;
pub use global_average_pool2d::GlobalAveragePool2D;
pub use global_max_pool1d::GlobalMaxPool1D;
pub use global_max_pool2d::GlobalMaxPool2D;
pub use gru::GRU;
pub use layer_norm::LayerNorm;
pub use lstm::LSTM;
pub use max_pool1d::MaxPool1D;
pub use max_pool2d::MaxPool2D;
pub use multi_head_attention::MultiHeadAttention;
pub use origin::Origin;
pub use positional_embedding::PositionalEmbedding;
pub use recurrent::{StepShape, Steps};
pub use reshape::Reshape;
pub use sample::{Batched, SampleShape};
pub use simple_rnn::SimpleRNN;
pub use slide::{Slide, Sliding};
pub use up_sampling2d::UpSampling2D;
pub use zero_pad2d::ZeroPad2D;
