//! F-beta score.

use std::borrow::Cow;

use crate::metric::{
    confusion::{share, without_true_rows, ClassCounts, FromConfusion},
    Average, ByClass, Direction, Metric, Running, Target, Targets, CLASSES,
};

/// (1 + b^2) TP / ((1 + b^2) TP + FP + b^2 FN) with b = `beta`: the harmonic mean of precision and
/// recall, in which recall counts `beta` times as much. Classes, flags and averages as in
/// [`F1`](crate::metric::F1). Its figure is named after `beta`: `f2`, `f0.5`.
/// `keras.metrics.FBetaScore(average="macro")`;
/// `sklearn.metrics.fbeta_score(average="macro", zero_division=0)` over all classes.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "FBetaScore")]
#[doc(alias = "fbeta_score")]
pub struct FBeta {
    /// The weight of recall, above 0.
    pub beta: f64,
}

impl Default for FBeta {
    fn default() -> FBeta {
        FBeta { beta: 2.0 }
    }
}

impl Metric for FBeta {
    const NAME: &'static str = "fbeta";
    const TARGETS: &'static [Target] = CLASSES;

    fn name(&self) -> Cow<'static, str> {
        format!("f{}", self.beta).into()
    }
    fn direction(&self) -> Direction {
        Direction::Higher
    }
    fn start(&self) -> Box<dyn Running> {
        Box::new(FromConfusion::of(of_class(self.beta), None))
    }
    fn undefined_for(&self, targets: &Targets) -> Option<String> {
        without_true_rows(targets)
    }
}

impl ByClass for FBeta {
    fn start_average(&self, average: Average) -> Box<dyn Running> {
        Box::new(FromConfusion::of(of_class(self.beta), Some(average)))
    }
}

/// TP + FP are the predicted rows, TP + FN the rows of the class.
fn of_class(beta: f64) -> impl Fn(&ClassCounts) -> f64 {
    let square = beta * beta;
    move |counts| {
        share((1.0 + square) * counts.true_positives, counts.predicted + square * counts.support)
    }
}
