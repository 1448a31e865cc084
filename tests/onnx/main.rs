//! Models as ONNX files.

mod network;
mod recorded;
mod sequences;
