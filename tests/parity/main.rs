//! Layers, merges, losses, optimizers, metrics, preprocessing and whole models give what Keras and
//! scikit-learn give (`fixtures/`).

mod attribution;
mod averages;
mod convolutions;
mod distributions;
mod examples;
mod layers;
mod lists;
mod masks;
mod merges;
mod preprocessing;
mod recurrent;
mod steering;
#[path = "../support/mod.rs"]
mod support;
mod training;

use dfdx::prelude::*;

/// The names of tensors, ours and Keras's.
const NAMES: [&str; 6] = ["weight", "bias", "gamma", "beta", "running_mean", "running_var"];

/// What a layer is given on its way there and back.
type Traced<S> = Tensor<S, f64, Cpu, OwnedTape<f64, Cpu>>;
