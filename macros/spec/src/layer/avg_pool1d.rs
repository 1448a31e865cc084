//! `AvgPool1D`: the mean under each place of a window along a sequence.

use super::pool1d::pool;

pool! {
    "AvgPool1D", "avg_pool1d",
    "The mean of each feature under each place of a window along the steps."
}
