//! The area under the receiver operating characteristic (ROC AUC).

use crate::metric::{
    running::{joined, parts},
    score_histogram::ScoreHistogram,
    Average, ByClass, Direction, Label, Labels, Metric, Running, Target, TargetRow, Targets,
    CLASSES,
};

/// The probability that a true row has a higher score than a false one; equal scores count one
/// half. For classes it is the unweighted mean over the one-vs-rest problems that have rows on both
/// sides; other averages, over the same problems: [`Averaged`](crate::metric::Averaged). NaN if one side is
/// empty or a score is NaN. `sklearn.metrics.roc_auc_score(multi_class="ovr")`.
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
#[doc(alias = "AUC")]
#[doc(alias = "roc_auc_score")]
#[doc(alias = "roc_auc")]
#[doc(alias = "auroc")]
#[doc(alias = "ROC")]
#[doc(alias = "AreaUnderCurve")]
pub struct Auc;

/// The number of cells of all classes, and the maximum and minimum of one class.
const ALL_CELLS: usize = 1 << 18;
const MOST_CELLS: usize = 1 << 16;
const LEAST_CELLS: usize = 1 << 10;

impl Metric for Auc {
    const NAME: &'static str = "auc";
    const TARGETS: &'static [Target] = CLASSES;

    fn direction(&self) -> Direction {
        Direction::Higher
    }
    fn start(&self) -> Box<dyn Running> {
        Box::new(Scored::default())
    }
    fn start_labels(&self, labels: usize) -> Labels {
        let of_label = || Box::new(Scored { capacity: capacity(labels), ..Scored::default() });
        Labels::Each((0..labels).map(|_| of_label() as Box<dyn Running>).collect())
    }
    fn undefined_for(&self, targets: &Targets) -> Option<String> {
        of_one_class(targets)
    }
}

impl ByClass for Auc {
    fn start_average(&self, average: Average) -> Box<dyn Running> {
        Box::new(Scored { average, ..Scored::default() })
    }
}

/// Why the AUC is undefined on rows with these targets.
fn of_one_class(targets: &Targets) -> Option<String> {
    let undefined = targets.classes.iter().filter(|rows| **rows > 0).count() == 1;
    undefined.then(|| "all rows are of one class".to_owned())
}

/// The histograms of the scores so far.
struct Scored {
    /// One histogram per class; one for flags.
    classes: Vec<ScoreHistogram>,
    /// The capacity of the histogram of flags.
    capacity: usize,
    average: Average,
}

impl Default for Scored {
    fn default() -> Scored {
        Scored { classes: Vec::new(), capacity: MOST_CELLS, average: Average::Macro }
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
            TargetRow::Class(_) if self.average != Average::Micro => prediction.len(),
            _ => 1,
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
        let classes = || self.classes.iter().map(|class| (class.area(), class.of_true()));
        match self.average {
            Average::Macro | Average::Micro => mean(classes().map(|(area, _)| (area, 1.0))),
            Average::Weighted => mean(classes()),
            // A flag has one histogram: the AUC of false is that of true.
            Average::Binary(Label::Index(class)) => {
                let last = self.classes.len().saturating_sub(1);
                let class = if last == 0 { 0 } else { class };
                self.classes.get(class).map_or(f64::NAN, ScoreHistogram::area)
            }
            Average::Binary(Label::Text(_)) => f64::NAN,
        }
    }

    fn lacks_rows(&self) -> bool {
        self.value().is_nan() && !self.classes.iter().any(ScoreHistogram::has_undefined)
    }

    fn support(&self) -> f64 {
        self.classes.iter().map(ScoreHistogram::of_true).sum()
    }

    fn state(&self) -> Vec<f64> {
        histograms_state(&self.classes)
    }

    fn set_state(&mut self, state: &[f64]) {
        if let Some(classes) = histograms_of_state(state, |count| self.capacity(count)) {
            self.classes = classes;
        }
    }

    fn merge(&mut self, state: &[f64]) {
        let others = histograms_of_state(state, |count| self.capacity(count));
        merge_histograms(&mut self.classes, others);
    }
}

/// The weighted mean of the areas that are defined; NaN if none is.
fn mean(areas: impl Iterator<Item = (f64, f64)>) -> f64 {
    let defined = areas.filter(|(area, _)| !area.is_nan());
    let weighted = defined.map(|(area, weight)| (weight * area, weight));
    let (sum, weight) = weighted.fold((0.0, 0.0), |(s, w), (v, of)| (s + v, w + of));
    sum / weight
}

/// The number of histograms, and the state of each after its length.
fn histograms_state(histograms: &[ScoreHistogram]) -> Vec<f64> {
    let states = joined(histograms.iter().map(ScoreHistogram::state));
    std::iter::once(histograms.len() as f64).chain(states).collect()
}

fn histograms_of_state(
    state: &[f64],
    capacity: impl Fn(usize) -> usize,
) -> Option<Vec<ScoreHistogram>> {
    let (&count, rest) = state.split_first()?;
    let parts = parts(rest)?;
    let capacity = capacity(count as usize);
    parts.into_iter().map(|part| ScoreHistogram::of_state(capacity, part)).collect()
}

/// Adds other histograms of the same classes.
fn merge_histograms(own: &mut Vec<ScoreHistogram>, others: Option<Vec<ScoreHistogram>>) {
    let Some(others) = others else { return };
    match own.is_empty() {
        true => *own = others,
        false if own.len() == others.len() => {
            own.iter_mut().zip(&others).for_each(|(own, other)| own.add(other));
        }
        false => {}
    }
}

/// The AUC of several classes, one against one: for each pair of classes, on the rows of these two,
/// the mean of the AUC of the one by its score and of the other by its own. Its value is the mean
/// over the pairs that have rows of both classes; the average `weighted` weighs a pair by its rows.
/// Other averages are not defined, so that their value is NaN.
/// `sklearn.metrics.roc_auc_score(multi_class="ovo")`, which takes no sample weights.
///
/// Memory is at most 9 MB for up to 16 classes, and 37 KB for each ordered pair of more: 360 MB for
/// 100. The cost is two updates as for a flag for each other class and row.
#[derive(Clone, Copy, Debug, Default)]
pub struct AucOvo;

impl Metric for AucOvo {
    const NAME: &'static str = "auc_ovo";
    const TARGETS: &'static [Target] = &[Target::Class];

    fn direction(&self) -> Direction {
        Direction::Higher
    }
    fn start(&self) -> Box<dyn Running> {
        self.start_average(Average::Macro)
    }
    fn undefined_for(&self, targets: &Targets) -> Option<String> {
        of_one_class(targets)
    }
}

impl ByClass for AucOvo {
    fn start_average(&self, average: Average) -> Box<dyn Running> {
        Box::new(Pairs { classes: 0, scores: Vec::new(), average })
    }
}

/// The histograms of all ordered pairs of classes.
struct Pairs {
    classes: usize,
    /// At `first * classes + second` the scores for `first` of the rows of both, in which those of
    /// `first` are true. That of a class with itself stays empty.
    scores: Vec<ScoreHistogram>,
    average: Average,
}

impl Pairs {
    fn set(&mut self, scores: Vec<ScoreHistogram>) {
        self.classes = scores.len().isqrt();
        self.scores = scores;
    }

    /// The AUC and the weight of the rows of every pair.
    fn pairs(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let classes = self.classes;
        let pairs = (0..classes).flat_map(move |a| (a + 1..classes).map(move |b| (a, b)));
        pairs.map(move |(a, b)| {
            let (one, other) = (&self.scores[a * classes + b], &self.scores[b * classes + a]);
            (0.5 * (one.area() + other.area()), one.of_true() + other.of_true())
        })
    }
}

impl Running for Pairs {
    fn update(&mut self, prediction: &[f64], target: TargetRow<'_>, weight: f64) {
        let TargetRow::Class(class) = target else { return };
        if self.classes != prediction.len() {
            let count = prediction.len() * prediction.len();
            self.set((0..count).map(|_| ScoreHistogram::new(capacity(count))).collect());
        }
        for other in (0..self.classes).filter(|other| *other != class) {
            self.scores[class * self.classes + other].push(prediction[class], true, weight);
            self.scores[other * self.classes + class].push(prediction[other], false, weight);
        }
    }

    fn value(&self) -> f64 {
        if self.scores.iter().any(ScoreHistogram::has_undefined) {
            return f64::NAN;
        }
        match self.average {
            Average::Macro => mean(self.pairs().map(|(area, _)| (area, 1.0))),
            Average::Weighted => mean(self.pairs()),
            Average::Micro | Average::Binary(_) => f64::NAN,
        }
    }

    fn lacks_rows(&self) -> bool {
        self.value().is_nan() && !self.scores.iter().any(ScoreHistogram::has_undefined)
    }

    fn state(&self) -> Vec<f64> {
        histograms_state(&self.scores)
    }

    fn set_state(&mut self, state: &[f64]) {
        let scores = histograms_of_state(state, capacity);
        // A histogram for every ordered pair.
        if let Some(scores) = scores.filter(|all| all.len().isqrt().pow(2) == all.len()) {
            self.set(scores);
        }
    }

    fn merge(&mut self, state: &[f64]) {
        let others = histograms_of_state(state, capacity);
        let others = others.filter(|all| all.len().isqrt().pow(2) == all.len());
        merge_histograms(&mut self.scores, others);
        self.classes = self.scores.len().isqrt();
    }
}
