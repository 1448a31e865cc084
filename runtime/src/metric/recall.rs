//! The share of a class's rows that were taken for it.

use super::{
    confusion::{share, without_true_rows, FromConfusion},
    Direction, Metric, Running, Targets,
};

/// right / there: of true flags; for classes the mean over all `N` of them, of which one counts 0
/// where there is nothing to divide by.
/// `keras.metrics.Recall` for flags; `sklearn.metrics.recall_score(average="macro", zero_division=0)`
/// over all classes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Recall;

impl Metric for Recall {
    fn name(&self) -> &'static str {
        "recall"
    }
    fn direction(&self) -> Direction {
        Direction::Higher
    }
    fn start(&self) -> Box<dyn Running> {
        Box::new(FromConfusion::new(|class| share(class.right, class.there)))
    }
    fn undefined_for(&self, targets: &Targets) -> Option<String> {
        without_true_rows(targets)
    }
}
