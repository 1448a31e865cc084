//! Models as ONNX files.

mod network;
