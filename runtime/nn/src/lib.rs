//! Layers, merges, masks, losses and optimizers for [dfdx] 0.13 on stable Rust, where dfdx itself
//! has no convolution, pooling or recurrent layer. Formulas, defaults and initialisations are those
//! of Keras.
//!
//! The crate can be used on its own: every layer is a dfdx module, for tuples,
//! `#[derive(TensorCollection)]` structs and dfdx's own optimizers. `multi-input` generates such
//! modules from an annotated struct. This crate has no rows, preprocessing or training loop.
//!
//! | module | content |
//! |---|---|
//! | [`layer`] | the layers: `Module` for inference, `ModuleMut` for training |
//! | [`merge`] | merges of several tensors to one: `concat`, `add`, `dot`, ... |
//! | [`missing`] | inputs that are absent in some rows |
//! | [`loss`] | losses and their derivatives, row by row |
//! | [`optim`] | optimizers with Keras's formulas, whose state can be saved |
//! | [`sparse`] | embedding tables with sparse updates |
//! | [`sharded`] | embedding tables whose rows are divided among several machines |
//! | [`shards`] | batches of which each machine has some rows |
//! | [`parameters`] | visitors of all tensors of a module |
//!
//! A new layer is a file in `layer/` and a line in its `mod.rs`; new kernels go to
//! `multi-input-kernel`. A new merge, loss or optimizer is a file and a line in the same way.
//!
//! A convolution and an LSTM in plain dfdx, trained with dfdx's Adam to classify horizontal and
//! vertical stripes:
//!
//! ```
//! use dfdx::{nn::BuildModule, optim::{Adam, AdamConfig}, prelude::*};
//! use multi_input_nn::layer::{
//!     activation::{Linear, Relu}, Conv2D, Dense, Reshape, Slide, LSTM,
//! };
//!
//! type Network = (
//!     // 4 filters of 3 by 3 over 1 channel: of 6 by 6 pixels 4 by 4 are left.
//!     Conv2D<1, 4, 3, 3, 4, 4, 4, Slide, Relu, f32, Cpu>,
//!     // The 4 filters as a sequence of 4 steps with 16 numbers each.
//!     Reshape<(Const<4>, Const<16>)>,
//!     LSTM<16, 8, 32, 0, 0, f32, Cpu>,
//!     Dense<8, 1, Linear, f32, Cpu>,
//! );
//!
//! let device = Cpu::seed_from_u64(7);
//! let stripes = |image: usize, pixel: usize| match image % 2 {
//!     0 => (pixel / 6 + image / 2) % 2,
//!     _ => (pixel % 6 + image / 2) % 2,
//! };
//! let pixels = (0..16 * 36).map(|k| stripes(k / 36, k % 36) as f32).collect();
//! let x: Tensor<Rank4<16, 1, 6, 6>, f32, Cpu> = device.tensor_from_vec(pixels, Default::default());
//! let y: Tensor<Rank2<16, 1>, f32, Cpu> =
//!     device.tensor_from_vec((0..16).map(|k| (k % 2) as f32).collect(), Default::default());
//!
//! let mut network: Network = BuildModule::build(&device);
//! let mut adam = Adam::new(&network, AdamConfig { lr: 1e-2, ..Default::default() });
//! let mut gradients = network.alloc_grads();
//! let mut losses = Vec::new();
//! for _ in 0..60 {
//!     let loss = mse_loss(network.forward_mut(x.trace(gradients)), y.clone());
//!     losses.push(loss.array());
//!     gradients = loss.backward();
//!     adam.update(&mut network, &gradients).unwrap();
//!     network.zero_grads(&mut gradients);
//! }
//! assert!(losses[59] < 0.01, "{losses:?}");
//! ```
//!
//! [dfdx]: https://docs.rs/dfdx/0.13.0
#![forbid(unsafe_code)]

#[cfg(test)]
mod check_gradients;
mod current;
mod difference;
pub mod layer;
pub mod loss;
mod mask;
pub mod merge;
pub mod missing;
mod operation;
pub mod optim;
pub mod parameters;
mod penalties;
pub mod sharded;
pub mod shards;
pub mod sparse;
mod tensor;

pub use penalties::Penalties;
