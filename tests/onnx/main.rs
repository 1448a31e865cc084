//! Models as ONNX files.
#![allow(clippy::result_large_err)] // Functions that run while a model compiles; a constant cannot box.

mod answers;
mod layers;
mod network;
mod outputs;
mod recorded;
mod refusals;
mod sequences;
mod steps;
