//! Whether the right class is among the likeliest.

use super::{Direction, Metric, Running, TargetRow};

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
        Box::new(Hits { k: self.k, hits: 0.0, weight: 0.0 })
    }
}

struct Hits {
    k: usize,
    hits: f64,
    weight: f64,
}

impl Running for Hits {
    fn update(&mut self, prediction: &[f64], target: TargetRow<'_>, weight: f64) {
        let TargetRow::Class(class) = target else { return };
        let likelier = prediction.iter().filter(|y| **y > prediction[class]).count();
        self.hits += if likelier < self.k { weight } else { 0.0 };
        self.weight += weight;
    }
    fn value(&self) -> f64 {
        self.hits / self.weight
    }
    fn state(&self) -> Vec<f64> {
        vec![self.hits, self.weight]
    }
    fn set_state(&mut self, state: &[f64]) {
        if let [hits, weight] = *state {
            (self.hits, self.weight) = (hits, weight);
        }
    }
}
