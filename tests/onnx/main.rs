//! Models as ONNX files.

mod network;
mod sequences;
