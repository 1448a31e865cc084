//! `MaxPool2D`: the maximum of each window of an image.

use super::pool2d::pool;
use crate::{Doc, Onnx};

pool! {
    "MaxPool2D", "max_pool2d";
    doc: Doc {
        computes: "the maximum of each window, channel by channel",
        shape: "`[channels, height, width]` to `[channels, height', width']`",
        keras: "`MaxPooling2D`",
        torch: "`MaxPool2d`",
        also: &["MaxPooling2D", "MaxPool", "MaxPooling"],
        onnx: Onnx::since(12, &["MaxPool"]),
    }
}
