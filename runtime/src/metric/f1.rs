//! F1 score.

use super::{
    confusion::{share, without_true_rows, FromConfusion},
    Direction, Metric, Running, Targets,
};

/// 2 TP / (2 TP + FP + FN), from the counts of true positives, false positives and false negatives.
/// For flags it is the score of the true class; for classes the mean over all `N` classes, where 0
/// / 0 counts as 0. `keras.metrics.F1Score(average="macro")`;
/// `sklearn.metrics.f1_score(average="macro", zero_division=0)` over all classes.
#[derive(Clone, Copy, Debug, Default)]
pub struct F1;

impl Metric for F1 {
    fn name(&self) -> &'static str {
        "f1"
    }
    fn direction(&self) -> Direction {
        Direction::Higher
    }
    fn start(&self) -> Box<dyn Running> {
        Box::new(FromConfusion::new(|class| {
            share(2.0 * class.true_positives, class.predicted + class.support)
        }))
    }
    fn undefined_for(&self, targets: &Targets) -> Option<String> {
        without_true_rows(targets)
    }
}
