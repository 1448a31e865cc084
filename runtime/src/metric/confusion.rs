//! Confusion counts, and the metrics computed from them.

use super::{Running, TargetRow, Targets};

/// Why metrics of true flags are undefined on rows with these targets.
pub(super) fn without_true_rows(targets: &Targets) -> Option<String> {
    let is_undefined = matches!(targets.classes[..], [_, 0]);
    is_undefined.then(|| "no row is true".to_owned())
}

/// Counts of rows by target class and predicted class. The prediction is the first of the most
/// likely classes; for flags it is false or true by the threshold 0.5, where 0.5 itself counts as
/// false.
#[derive(Clone, Debug, Default)]
pub(crate) struct Confusion {
    pub(crate) classes: usize,
    /// The counts in row-major order: the row is the target, the column the prediction.
    pub(crate) counts: Vec<f64>,
}

impl Confusion {
    /// Adds a row with a weight.
    pub(crate) fn take(&mut self, prediction: &[f64], target: TargetRow<'_>, weight: f64) {
        match target {
            TargetRow::Class(class) => {
                self.resize(prediction.len());
                self.add(class, most_likely(prediction), weight);
            }
            TargetRow::Numbers(_) | TargetRow::Doubles(_) => {
                self.resize(2);
                for (index, y) in prediction.iter().enumerate() {
                    let target = usize::from(target.at(index) > 0.5);
                    self.add(target, usize::from(*y > 0.5), weight);
                }
            }
        }
    }

    fn resize(&mut self, classes: usize) {
        if self.classes != classes {
            (self.classes, self.counts) = (classes, vec![0.0; classes * classes]);
        }
    }

    fn add(&mut self, target: usize, predicted: usize, weight: f64) {
        if let Some(count) = self.counts.get_mut(target * self.classes + predicted) {
            *count += weight;
        }
    }

    /// The counts of one class: correct, predicted, and present.
    fn class_counts(&self, class: usize) -> ClassCounts {
        let row = self.counts[class * self.classes..][..self.classes].iter();
        let column = self.counts.iter().skip(class).step_by(self.classes);
        ClassCounts {
            true_positives: self.counts[class * self.classes + class],
            predicted: column.sum(),
            support: row.sum(),
        }
    }

    /// The mean of a metric over the classes; for flags the metric of the true class.
    fn mean(&self, figure: fn(&ClassCounts) -> f64, of_flags: bool) -> f64 {
        if self.classes == 0 {
            return f64::NAN;
        }
        if of_flags {
            return figure(&self.class_counts(1));
        }
        let sum: f64 = (0..self.classes).map(|class| figure(&self.class_counts(class))).sum();
        sum / self.classes as f64
    }
}

/// The index of the first maximum.
pub(super) fn most_likely(prediction: &[f64]) -> usize {
    let better = |best, index| if prediction[index] > prediction[best] { index } else { best };
    (1..prediction.len()).fold(0, better)
}

/// The counts of one class.
pub(super) struct ClassCounts {
    pub(super) true_positives: f64,
    pub(super) predicted: f64,
    pub(super) support: f64,
}

/// part / whole, or 0 if `whole` is 0, as in scikit-learn's `zero_division=0`.
pub(super) fn share(part: f64, whole: f64) -> f64 {
    match whole > 0.0 {
        true => part / whole,
        false => 0.0,
    }
}

/// A metric computed from confusion counts.
pub(super) struct FromConfusion {
    figure: fn(&ClassCounts) -> f64,
    confusion: Confusion,
    of_flags: bool,
}

impl FromConfusion {
    pub(super) fn new(figure: fn(&ClassCounts) -> f64) -> FromConfusion {
        FromConfusion { figure, confusion: Confusion::default(), of_flags: false }
    }
}

impl Running for FromConfusion {
    fn update(&mut self, prediction: &[f64], target: TargetRow<'_>, weight: f64) {
        self.of_flags = !matches!(target, TargetRow::Class(_));
        self.confusion.take(prediction, target, weight);
    }
    fn value(&self) -> f64 {
        self.confusion.mean(self.figure, self.of_flags)
    }
    fn state(&self) -> Vec<f64> {
        let head = [f64::from(u8::from(self.of_flags)), self.confusion.classes as f64];
        [&head[..], &self.confusion.counts].concat()
    }
    fn set_state(&mut self, state: &[f64]) {
        if let [of_flags, classes, counts @ ..] = state {
            let (of_flags, classes) = (*of_flags != 0.0, *classes as usize);
            let fits = classes.checked_mul(classes) == Some(counts.len());
            // Before the first row there are no classes, also for flags.
            if fits && (!of_flags || classes == 2) {
                self.of_flags = of_flags;
                self.confusion = Confusion { classes, counts: counts.to_vec() };
            }
        }
    }
}
