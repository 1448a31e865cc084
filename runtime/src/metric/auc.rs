//! The area under the receiver operating characteristic (ROC AUC).

use super::{score_histogram::ScoreHistogram, Direction, Metric, Running, TargetRow, Targets};

/// The probability that a true row has a higher score than a false one; equal scores count one
/// half. For classes it is the unweighted mean over the one-vs-rest problems that have rows on both
/// sides. NaN if one side is empty or a score is NaN.
/// `sklearn.metrics.roc_auc_score(multi_class="ovr")`.
///
/// Exact for up to 65,536 distinct scores. With more it is computed from a histogram of as many
/// cells, whose scores count as equal. The error is at most half the fraction of the pairs of a
/// true and a false row that share a cell, and in practice far less, because half of them are
/// counted. A cell holds the scores whose odds p / (1 - p) share their leading bits; cells are
/// narrower where scores are denser. For a million scores over the range from 0 to 1 the bound is
/// about 1e-5. (`keras.metrics.AUC` has 200 evenly spaced thresholds.)
///
/// Memory is about 2.4 MB for a flag. Several classes share 262,144 cells, at least 1,024 per
/// class, and so do the labels of `[bool; N]`, of which the mean is over the labels that have rows
/// on both sides (`keras.metrics.AUC(multi_label=True)`). The cost is a few dozen nanoseconds per row and class, and about a millisecond for
/// [`Running::value`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Auc;

/// The number of cells of all classes, and the maximum and minimum of one class.
const ALL_CELLS: usize = 1 << 18;
const MOST_CELLS: usize = 1 << 16;
const LEAST_CELLS: usize = 1 << 10;

impl Metric for Auc {
    fn name(&self) -> &'static str {
        "auc"
    }
    fn direction(&self) -> Direction {
        Direction::Higher
    }
    fn start(&self) -> Box<dyn Running> {
        Box::new(Scored::default())
    }
    fn start_labels(&self, labels: usize) -> Vec<Box<dyn Running>> {
        let of_label = || Box::new(Scored { capacity: capacity(labels), ..Scored::default() });
        (0..labels).map(|_| of_label() as Box<dyn Running>).collect()
    }
    fn undefined_for(&self, targets: &Targets) -> Option<String> {
        let undefined = targets.classes.iter().filter(|rows| **rows > 0).count() == 1;
        undefined.then(|| "all rows are of one class".to_owned())
    }
}

/// The histograms of the scores so far.
struct Scored {
    /// One histogram per class; one for flags.
    classes: Vec<ScoreHistogram>,
    /// The capacity of the histogram of flags.
    capacity: usize,
}

impl Default for Scored {
    fn default() -> Scored {
        Scored { classes: Vec::new(), capacity: MOST_CELLS }
    }
}

impl Scored {
    /// The capacity of each of `classes` histograms.
    fn capacity(&self, classes: usize) -> usize {
        capacity(classes).min(self.capacity)
    }
}

/// The capacity of each class's histogram.
fn capacity(classes: usize) -> usize {
    (ALL_CELLS / classes.max(1)).clamp(LEAST_CELLS, MOST_CELLS)
}

impl Running for Scored {
    fn update(&mut self, prediction: &[f64], target: TargetRow<'_>, weight: f64) {
        let count = match target {
            TargetRow::Class(_) => prediction.len(),
            TargetRow::Numbers(_) | TargetRow::Doubles(_) => 1,
        };
        let capacity = self.capacity(count);
        self.classes.resize_with(count, || ScoreHistogram::new(capacity));
        for (index, &score) in prediction.iter().enumerate() {
            let truth = target.at(index) > 0.5;
            if let Some(scores) = self.classes.get_mut(index.min(count - 1)) {
                scores.push(score, truth, weight);
            }
        }
    }

    fn value(&self) -> f64 {
        if self.classes.iter().any(ScoreHistogram::has_undefined) {
            return f64::NAN;
        }
        let areas = self.classes.iter().map(ScoreHistogram::area);
        let areas: Vec<f64> = areas.filter(|area| !area.is_nan()).collect();
        areas.iter().sum::<f64>() / areas.len() as f64
    }

    fn lacks_rows(&self) -> bool {
        self.value().is_nan() && !self.classes.iter().any(ScoreHistogram::has_undefined)
    }

    fn state(&self) -> Vec<f64> {
        let mut state = vec![self.classes.len() as f64];
        for scores in self.classes.iter().map(ScoreHistogram::state) {
            state.push(scores.len() as f64);
            state.extend(scores);
        }
        state
    }

    fn set_state(&mut self, state: &[f64]) {
        let Some((&count, mut rest)) = state.split_first() else { return };
        let mut classes = Vec::new();
        while let Some((&length, scores)) = rest.split_first() {
            let Some((own, others)) = scores.split_at_checked(length as usize) else { return };
            let Some(scores) = ScoreHistogram::of_state(self.capacity(count as usize), own) else {
                return;
            };
            classes.push(scores);
            rest = others;
        }
        self.classes = classes;
    }
}
