//! Models as ONNX files.

mod answers;
mod layers;
mod network;
mod outputs;
mod recorded;
mod refusals;
mod sequences;
mod steps;
