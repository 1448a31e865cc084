//! `MaxPool1D`: the maximum of each window along a sequence.

use super::pool1d::pool;
use crate::{Doc, Onnx};

pool! {
    "MaxPool1D", "max_pool1d";
    doc: Doc {
        computes: "the maximum of each window, feature by feature",
        shape: "`[steps, a]` to `[steps', a]`",
        keras: "`MaxPooling1D`",
        torch: "`MaxPool1d` (channels first)",
        also: &["MaxPooling1D"],
        onnx: Onnx::since(13, &["Transpose", "MaxPool"]),
    }
}
