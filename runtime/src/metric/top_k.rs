//! Whether the right class is among the likeliest.

use super::{Direction, Mean, Metric, Running, TargetRow};

/// The share of rows of whose classes fewer than `k` are likelier than the right one.
/// `keras.metrics.SparseTopKCategoricalAccuracy(k)`, `sklearn.metrics.top_k_accuracy_score(k=k)`.
#[derive(Clone, Copy, Debug)]
pub struct TopK {
    /// How many classes may be guessed.
    pub k: usize,
}

impl Default for TopK {
    fn default() -> TopK {
        TopK { k: 5 }
    }
}

impl Metric for TopK {
    fn name(&self) -> &'static str {
        "top_k"
    }
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
