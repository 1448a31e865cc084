//! Top-k accuracy.

use crate::metric::{Direction, Mean, Metric, Running, Target, TargetRow};

/// The fraction of rows for which fewer than `k` classes are more likely than the target.
/// `keras.metrics.SparseTopKCategoricalAccuracy(k)`, `sklearn.metrics.top_k_accuracy_score(k=k)`.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "SparseTopKCategoricalAccuracy")]
#[doc(alias = "TopKCategoricalAccuracy")]
#[doc(alias = "sparse_top_k_categorical_accuracy")]
#[doc(alias = "top_k_accuracy")]
#[doc(alias = "top_k_accuracy_score")]
pub struct TopK {
    /// The number of classes considered.
    pub k: usize,
}

impl Default for TopK {
    fn default() -> TopK {
        TopK { k: 5 }
    }
}

impl Metric for TopK {
    const NAME: &'static str = "top_k";
    const TARGETS: &'static [Target] = &[Target::Class];

    fn direction(&self) -> Direction {
        Direction::Higher
    }
    fn start(&self) -> Box<dyn Running> {
        let k = self.k;
        Box::new(Mean::of(move |prediction, target| {
            let TargetRow::Class(class) = target else { return f64::NAN };
            let likelier = prediction.iter().filter(|y| **y > prediction[class]).count();
            f64::from(u8::from(likelier < k))
        }))
    }
}
