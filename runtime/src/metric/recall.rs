//! Recall.

use super::{
    confusion::{share, without_true_rows, FromConfusion},
    Direction, Metric, Running, Targets,
};

/// TP / (TP + FN), from the counts of true positives and false negatives. For flags it is the
/// recall of the true class; for classes the mean over all `N` classes, where 0 / 0 counts as 0.
/// `keras.metrics.Recall` for flags; `sklearn.metrics.recall_score(average="macro",
/// zero_division=0)` over all classes.
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
        Box::new(FromConfusion::new(|class| share(class.true_positives, class.support)))
    }
    fn undefined_for(&self, targets: &Targets) -> Option<String> {
        without_true_rows(targets)
    }
}
