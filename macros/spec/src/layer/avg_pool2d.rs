//! `AvgPool2D`: the mean under each place of a window.

use super::pool2d::pool;

pool! {
    "AvgPool2D", "avg_pool2d",
    "The mean of each channel under each place of a window."
}
