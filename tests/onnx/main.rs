//! Models as ONNX files.

mod answers;
mod layers;
mod network;
mod recorded;
mod sequences;
