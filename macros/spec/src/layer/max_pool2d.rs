//! `MaxPool2D`: the largest number under each place of a window.

use super::pool2d::pool;
use crate::Doc;

pool! {
    "MaxPool2D", "max_pool2d";
    doc: Doc {
        computes: "the maximum of each window, channel by channel",
        shape: "`[channels, height, width]` to `[channels, height', width']`",
        keras: "`MaxPooling2D`",
        torch: "`MaxPool2d`",
    }
}
