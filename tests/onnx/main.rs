//! Models as ONNX files.

mod answers;
mod layers;
mod network;
