//! Precision.

use crate::metric::{
    confusion::{share, without_true_rows, ClassCounts, FromConfusion},
    Average, ByClass, Direction, Metric, Running, Target, Targets, CLASSES,
};

/// TP / (TP + FP), from the counts of true and false positives. For flags it is the precision of
/// the true class; for classes the mean over all `N` classes, where 0 / 0 counts as 0. Other
/// averages: [`Averaged`](crate::metric::Averaged).
/// `keras.metrics.Precision` for flags; `sklearn.metrics.precision_score(average="macro",
/// zero_division=0)` over all classes.
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "precision_score")]
#[doc(alias = "ppv")]
#[doc(alias = "positive_predictive_value")]
pub struct Precision;

impl Metric for Precision {
    const NAME: &'static str = "precision";
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

impl ByClass for Precision {
    fn start_average(&self, average: Average) -> Box<dyn Running> {
        Box::new(FromConfusion::of(of_class, Some(average)))
    }
}

fn of_class(counts: &ClassCounts) -> f64 {
    share(counts.true_positives, counts.predicted)
}
