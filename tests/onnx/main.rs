//! Models as ONNX files.

mod network;
mod outputs;
mod recorded;
mod refusals;
mod sequences;
mod steps;
