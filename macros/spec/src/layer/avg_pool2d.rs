//! `AvgPool2D`: the mean of each window of an image.

use super::pool2d::pool;
use crate::{Doc, Onnx};

pool! {
    "AvgPool2D", "avg_pool2d";
    doc: Doc {
        computes: "the mean of each window, channel by channel; padding does not count",
        shape: "`[channels, height, width]` to `[channels, height', width']`",
        keras: "`AveragePooling2D`",
        torch: "`AvgPool2d` (`count_include_pad=False`)",
        also: &["AveragePooling2D", "AveragePool2D", "AvgPooling2D", "AvgPool", "AveragePool"],
        onnx: Onnx::since(11, &["AveragePool"]),
    }
}
