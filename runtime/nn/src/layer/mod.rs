//! The layers, one file each, with the names and the numerics of Keras.
//!
//! Every layer is a dfdx module: `Module` for inference, `ModuleMut` for training and
//! `TensorCollection` for its parameters. dfdx's own optimizers and `num_params` therefore work on
//! every layer. The batch dimension `B` comes first and is a constant or a `usize`.

pub mod activation;
mod avg_pool1d;
mod avg_pool2d;
mod batch_norm;
mod bidirectional;
pub mod cell;
mod conv1d;
mod conv2d;
mod convolution;
mod declare;
mod dense;
mod drop_mask;
mod dropout;
mod dropout_scale;
mod embedding;
pub mod embedding_bag;
mod flatten;
mod frozen;
mod global_average_pool1d;
mod global_average_pool2d;
mod global_max_pool1d;
mod global_max_pool2d;
mod group_norm;
mod gru;
mod initialize;
mod layer_norm;
mod lstm;
mod masking;
mod max_pool1d;
mod max_pool2d;
mod multi_head_attention;
mod normalise;
mod origin;
mod pixel_map;
mod pooling;
mod positional_embedding;
mod recurrent;
mod reshape;
mod rms_norm;
mod sample;
mod separable_conv2d;
mod shard_statistics;
#[cfg(test)]
pub(crate) mod shard_tests;
mod simple_rnn;
mod statistics;
mod table_rows;
mod thresholds;
mod time_distributed;
mod transformer_block;
mod up_sampling2d;
mod zero_pad2d;

pub use crate::mask::{CreateMask, Mask, MaskedModule, MaskedModuleMut, Padded, ReadsMask};
pub use crate::sharded::ShardedRows;
pub use avg_pool1d::AvgPool1D;
pub use avg_pool2d::AvgPool2D;
pub use batch_norm::BatchNorm;
pub use bidirectional::{Bidirectional, Merged};
pub use conv1d::Conv1D;
pub use conv2d::Conv2D;
pub use dense::{Dense, LastAxis};
pub use drop_mask::DropMask;
pub use dropout::Dropout;
use dropout_scale::dropout_scale;
pub use embedding::Embedding;
pub use embedding_bag::EmbeddingBag;
pub use flatten::Flatten;
pub use frozen::Frozen;
pub use global_average_pool1d::GlobalAveragePool1D;
pub use global_average_pool2d::GlobalAveragePool2D;
pub use global_max_pool1d::GlobalMaxPool1D;
pub use global_max_pool2d::GlobalMaxPool2D;
pub use group_norm::GroupNorm;
pub use gru::GRU;
pub use layer_norm::LayerNorm;
pub use lstm::LSTM;
pub use masking::Masking;
pub use max_pool1d::MaxPool1D;
pub use max_pool2d::MaxPool2D;
pub use multi_head_attention::MultiHeadAttention;
pub use multi_input_base::RngKey;
pub use multi_input_kernel::slide::{Slide, Sliding};
pub use origin::Origin;
pub use positional_embedding::PositionalEmbedding;
pub use recurrent::{Read, Reading, Recurrent, StepShape, Steps};
pub use reshape::Reshape;
pub use rms_norm::RMSNorm;
pub use sample::{Batched, SampleShape};
pub use separable_conv2d::SeparableConv2D;
pub use simple_rnn::SimpleRNN;
pub use thresholds::Thresholds;
pub use time_distributed::{EachStep, Sequences, TimeDistributed};
pub use transformer_block::TransformerBlock;
pub use up_sampling2d::UpSampling2D;
pub use zero_pad2d::ZeroPad2D;

#[cfg(test)]
mod tests {
    use dfdx::{nn::BuildModule, tensor::Cpu};
    use multi_input_spec::layer::named;

    use super::*;

    /// The documentation takes its defaults from the spec. The initial values of the layers are
    /// written in this crate.
    #[test]
    fn settings_start_as_the_spec_says() {
        let device = Cpu::default();
        let batch: BatchNorm<1, f32, Cpu> = BuildModule::build(&device);
        let layer: LayerNorm<1, f32, Cpu> = BuildModule::build(&device);
        let group: GroupNorm<1, 1, f32, Cpu> = BuildModule::build(&device);
        let rms: RMSNorm<1, f32, Cpu> = BuildModule::build(&device);
        let lstm: LSTM<1, 1, 4, 0, 0, f32, Cpu> = BuildModule::build(&device);
        let attention: MultiHeadAttention<1, 1, 1, 1, 0, f32, Cpu> = BuildModule::build(&device);
        for (name, setting, value) in [
            ("BatchNorm", "momentum", batch.momentum),
            ("BatchNorm", "epsilon", batch.epsilon),
            ("LayerNorm", "epsilon", layer.epsilon),
            ("GroupNorm", "epsilon", group.epsilon),
            ("RMSNorm", "epsilon", rms.epsilon),
            ("Masking", "value", Masking::default().value),
            ("LSTM", "dropout", lstm.dropout),
            ("MultiHeadAttention", "dropout", attention.dropout),
        ] {
            let mut parameters = named(name).unwrap().parameters.iter();
            let parameter = parameters.find(|parameter| parameter.name == setting).unwrap();
            assert_eq!(parameter.default.parse(), Ok(value), "{setting} of {name}");
        }
    }
}
