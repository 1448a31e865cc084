//! Recall.

use crate::metric::{
    confusion::{share, without_true_rows, ClassCounts, FromConfusion},
    Average, ByClass, Direction, Metric, Running, Target, Targets, CLASSES,
};

/// TP / (TP + FN), from the counts of true positives and false negatives. For flags it is the recall
/// of the true class; for classes the mean over all `N` classes, where 0 / 0 counts as 0. Other
/// averages: [`Averaged`](crate::metric::Averaged).
/// `keras.metrics.Recall` for flags; `sklearn.metrics.recall_score(average="macro",
/// zero_division=0)` over all classes.
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "recall_score")]
#[doc(alias = "sensitivity")]
#[doc(alias = "tpr")]
#[doc(alias = "true_positive_rate")]
pub struct Recall;

impl Metric for Recall {
    const NAME: &'static str = "recall";
    const TARGETS: &'static [Target] = CLASSES;

    fn direction(&self) -> Direction {
        Direction::Higher
    }
    fn start(&self) -> Box<dyn Running> {
        Box::new(FromConfusion::of(of_class, None))
    }
    fn undefined_for(&self, targets: &Targets) -> Option<String> {
        without_true_rows(targets)
    }
}

impl ByClass for Recall {
    fn start_average(&self, average: Average) -> Box<dyn Running> {
        Box::new(FromConfusion::of(of_class, Some(average)))
    }
}

fn of_class(counts: &ClassCounts) -> f64 {
    share(counts.true_positives, counts.support)
}
