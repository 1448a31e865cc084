//! `AvgPool1D`: the mean of each window along a sequence.

use super::pool1d::pool;
use crate::{Doc, Onnx};

pool! {
    "AvgPool1D", "avg_pool1d";
    doc: Doc {
        computes: "the mean of each window, feature by feature; padding does not count",
        shape: "`[steps, a]` to `[steps', a]`",
        keras: "`AveragePooling1D`",
        torch: "`AvgPool1d` (channels first)",
        also: &["AveragePooling1D", "AveragePool1D", "AvgPooling1D"],
        onnx: Onnx::since(13, &["Transpose", "AveragePool"]),
    }
}
