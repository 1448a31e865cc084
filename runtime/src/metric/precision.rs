//! Precision.

use super::{
    confusion::{share, without_true_rows, FromConfusion},
    Direction, Metric, Running, Targets,
};

/// TP / (TP + FP), from the counts of true and false positives. For flags it is the precision of
/// the true class; for classes the mean over all `N` classes, where 0 / 0 counts as 0.
/// `keras.metrics.Precision` for flags; `sklearn.metrics.precision_score(average="macro",
/// zero_division=0)` over all classes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Precision;

impl Metric for Precision {
    fn name(&self) -> &'static str {
        "precision"
    }
    fn direction(&self) -> Direction {
        Direction::Higher
    }
    fn start(&self) -> Box<dyn Running> {
        Box::new(FromConfusion::new(|class| share(class.true_positives, class.predicted)))
    }
    fn undefined_for(&self, targets: &Targets) -> Option<String> {
        without_true_rows(targets)
    }
}
