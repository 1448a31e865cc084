//! `MaxPool2D`: the largest number under each place of a window.

use super::pool2d::pool;

pool! {
    "MaxPool2D", "max_pool2d",
    "The largest number of each channel under each place of a window."
}
