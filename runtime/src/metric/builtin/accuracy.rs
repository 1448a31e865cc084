//! Accuracy.

use crate::metric::{
    confusion::most_likely, Direction, Mean, Metric, Running, Target, TargetRow, CLASSES,
};

/// The fraction of rows whose most likely class (the first of equals) is the target; for flags, the
/// fraction of elements on the target's side of the threshold 0.5, where 0.5 itself counts as
/// false. `keras.metrics.SparseCategoricalAccuracy`, `keras.metrics.BinaryAccuracy`;
/// `torchmetrics.Accuracy`.
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "SparseCategoricalAccuracy")]
#[doc(alias = "BinaryAccuracy")]
#[doc(alias = "acc")]
#[doc(alias = "binary_accuracy")]
#[doc(alias = "categorical_accuracy")]
#[doc(alias = "sparse_categorical_accuracy")]
#[doc(alias = "accuracy_score")]
pub struct Accuracy;

impl Metric for Accuracy {
    const NAME: &'static str = "accuracy";
    const TARGETS: &'static [Target] = CLASSES;

    fn direction(&self) -> Direction {
        Direction::Higher
    }
    fn start(&self) -> Box<dyn Running> {
        Box::new(Mean::of(of_row))
    }
}

fn of_row(prediction: &[f64], target: TargetRow<'_>) -> f64 {
    match target {
        TargetRow::Class(class) => f64::from(u8::from(most_likely(prediction) == class)),
        TargetRow::Numbers(_) | TargetRow::Doubles(_) => {
            let right = |&(index, &y): &(usize, &f64)| (y > 0.5) == (target.at(index) > 0.5);
            let right = prediction.iter().enumerate().filter(right).count();
            right as f64 / prediction.len().max(1) as f64
        }
    }
}
