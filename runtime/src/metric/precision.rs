//! The share of right rows among those that were taken for a class.

use super::{
    confusion::{share, without_true_rows, FromConfusion},
    Direction, Metric, Running, Targets,
};

/// right / predicted: of true flags; for classes the mean over all `N` of them, of which one counts 0
/// where there is nothing to divide by.
/// `keras.metrics.Precision` for flags; `sklearn.metrics.precision_score(average="macro", zero_division=0)`
/// over all classes.
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
        Box::new(FromConfusion::new(|class| share(class.right, class.predicted)))
    }
    fn undefined_for(&self, targets: &Targets) -> Option<String> {
        without_true_rows(targets)
    }
}
