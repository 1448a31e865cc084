//! F1 score.

use crate::metric::{
    confusion::{share, without_true_rows, ClassCounts, FromConfusion},
    Average, ByClass, Direction, Metric, Running, Target, Targets, CLASSES,
};

/// 2 TP / (2 TP + FP + FN), from the counts of true positives, false positives and false negatives.
/// For flags it is the score of the true class; for classes the mean over all `N` classes, where 0
/// / 0 counts as 0. Other averages: [`Averaged`](crate::metric::Averaged).
/// `keras.metrics.F1Score(average="macro")`;
/// `sklearn.metrics.f1_score(average="macro", zero_division=0)` over all classes.
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "F1Score")]
#[doc(alias = "f1_score")]
#[doc(alias = "f_score")]
#[doc(alias = "f_measure")]
pub struct F1;

impl Metric for F1 {
    const NAME: &'static str = "f1";
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

impl ByClass for F1 {
    fn start_average(&self, average: Average) -> Box<dyn Running> {
        Box::new(FromConfusion::of(of_class, Some(average)))
    }
}

fn of_class(counts: &ClassCounts) -> f64 {
    share(2.0 * counts.true_positives, counts.predicted + counts.support)
}
