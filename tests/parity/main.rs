//! Layers, merges, losses, optimizers, metrics, preprocessing and whole models give what Keras and
//! scikit-learn give (`fixtures/`).

mod convolutions;
mod examples;
mod layers;
mod masks;
mod merges;
mod preprocessing;
mod recurrent;
mod steering;
#[path = "../support/mod.rs"]
mod support;
mod training;
