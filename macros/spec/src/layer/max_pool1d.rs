//! `MaxPool1D`: the largest number under each place of a window along a sequence.

use super::pool1d::pool;

pool! {
    "MaxPool1D", "max_pool1d",
    "The largest number of each feature under each place of a window along the steps."
}
