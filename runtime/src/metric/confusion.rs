//! Confusion counts, and the metrics computed from them.

use super::{Average, Label, Running, TargetRow, Targets};

/// Why metrics of true flags are undefined on rows with these targets.
pub(super) fn without_true_rows(targets: &Targets) -> Option<String> {
    let is_undefined = targets.is_flag && matches!(targets.classes[..], [_, 0]);
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

    /// The average of a metric over the classes.
    fn average(&self, figure: &Figure, average: Average) -> f64 {
        let mut each = (0..self.classes).map(|class| self.class_counts(class));
        match average {
            Average::Macro => each.map(|counts| figure(&counts)).sum::<f64>() / self.classes as f64,
            Average::Micro => figure(&each.fold(ClassCounts::default(), ClassCounts::add)),
            Average::Weighted => {
                let weighted =
                    each.map(|counts| (counts.support * figure(&counts), counts.support));
                let (sum, all) = weighted.fold((0.0, 0.0), |(s, w), (v, of)| (s + v, w + of));
                share(sum, all)
            }
            Average::Binary(Label::Index(class)) => {
                each.nth(class).map_or(f64::NAN, |counts| figure(&counts))
            }
            Average::Binary(Label::Text(_)) => f64::NAN,
        }
    }
}

/// The index of the first maximum.
pub(super) fn most_likely(prediction: &[f64]) -> usize {
    let better = |best, index| if prediction[index] > prediction[best] { index } else { best };
    (1..prediction.len()).fold(0, better)
}

/// The weights of the rows of one class.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClassCounts {
    /// The rows of the class that are predicted as such.
    pub true_positives: f64,
    /// The rows predicted as the class.
    pub predicted: f64,
    /// The rows of the class.
    pub support: f64,
}

impl ClassCounts {
    fn add(self, other: ClassCounts) -> ClassCounts {
        ClassCounts {
            true_positives: self.true_positives + other.true_positives,
            predicted: self.predicted + other.predicted,
            support: self.support + other.support,
        }
    }
}

/// A metric of one class.
type Figure = dyn Fn(&ClassCounts) -> f64;

/// part / whole, or 0 if `whole` is 0, as in scikit-learn's `zero_division=0`.
pub(super) fn share(part: f64, whole: f64) -> f64 {
    match whole > 0.0 {
        true => part / whole,
        false => 0.0,
    }
}

/// The accumulator of a metric computed from the counts of each class, such as precision. The
/// prediction is the first of the most likely classes; for flags it is false or true by the
/// threshold 0.5, where 0.5 itself counts as false.
///
/// ```
/// use multi_input::metric::{FromConfusion, Running, TargetRow};
///
/// let mut recall = FromConfusion::of(|class| class.true_positives / class.support, None);
/// for (score, truth) in [(0.9, 1.0), (0.2, 1.0), (0.7, 0.0)] {
///     recall.update(&[score], TargetRow::Doubles(&[truth]), 1.0);
/// }
/// assert_eq!(recall.value(), 0.5);
/// ```
pub struct FromConfusion {
    of_class: Box<Figure>,
    average: Option<Average>,
    counted: Counted,
}

/// The counts so far, and whether the targets are flags.
#[derive(Debug, Default)]
struct Counted {
    of_flags: bool,
    confusion: Confusion,
}

impl Counted {
    fn state(&self) -> Vec<f64> {
        let head = [f64::from(u8::from(self.of_flags)), self.confusion.classes as f64];
        [&head[..], &self.confusion.counts].concat()
    }

    fn of_state(state: &[f64]) -> Option<Counted> {
        let [of_flags, classes, counts @ ..] = state else { return None };
        let (of_flags, classes) = (*of_flags != 0.0, *classes as usize);
        let fits = classes.checked_mul(classes) == Some(counts.len());
        // Before the first row there are no classes, also for flags.
        let confusion = Confusion { classes, counts: counts.to_vec() };
        (fits && (!of_flags || classes == 2)).then_some(Counted { of_flags, confusion })
    }
}

impl FromConfusion {
    /// The average of `of_class` before the first row. Without an average it is the metric of the
    /// true class for flags, and the unweighted mean over the classes otherwise.
    pub fn of(
        of_class: impl Fn(&ClassCounts) -> f64 + 'static,
        average: Option<Average>,
    ) -> FromConfusion {
        FromConfusion { of_class: Box::new(of_class), average, counted: Counted::default() }
    }
}

impl Running for FromConfusion {
    fn update(&mut self, prediction: &[f64], target: TargetRow<'_>, weight: f64) {
        self.counted.of_flags = !matches!(target, TargetRow::Class(_));
        self.counted.confusion.take(prediction, target, weight);
    }
    fn value(&self) -> f64 {
        let Counted { of_flags, confusion } = &self.counted;
        let by_default = match of_flags {
            true => Average::Binary(Label::Index(1)),
            false => Average::Macro,
        };
        match confusion.classes {
            0 => f64::NAN,
            _ => confusion.average(&self.of_class, self.average.unwrap_or(by_default)),
        }
    }
    fn support(&self) -> f64 {
        match self.counted.confusion.classes {
            2 => self.counted.confusion.class_counts(1).support,
            _ => f64::NAN,
        }
    }
    fn state(&self) -> Vec<f64> {
        self.counted.state()
    }
    fn set_state(&mut self, state: &[f64]) {
        if let Some(counted) = Counted::of_state(state) {
            self.counted = counted;
        }
    }
    fn merge(&mut self, state: &[f64]) {
        let Some(other) = Counted::of_state(state).filter(|other| other.confusion.classes > 0)
        else {
            return;
        };
        let own = &mut self.counted.confusion;
        if own.classes == 0 {
            self.counted = other;
        } else if own.classes == other.confusion.classes {
            own.counts.iter_mut().zip(other.confusion.counts).for_each(|(own, more)| *own += more);
        }
    }
}
