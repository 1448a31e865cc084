//! The probability above which a flag counts as true.

use multi_input_base::Result;
use multi_input_data::schema::TargetKind;
use serde::{Deserialize, Serialize};

use super::{unsuitable, Observed};
use crate::lossless;

/// The probability above which a `bool` output counts as true, chosen on rows that the model was not
/// trained on. Metrics count with 0.5. `sklearn.model_selection.TunedThresholdClassifierCV`.
///
/// ```
/// use multi_input::{prelude::*, uncertainty::{Criterion, Threshold}};
///
/// #[multi_input_model]
/// struct House {
///     #[input(standardize)]
///     rooms: f32,
///     #[from(rooms)]
///     #[branch(Dense(1))]
///     #[output(loss = binary_cross_entropy)]
///     sold: bool,
/// }
///
/// let rows: Vec<HouseSample> =
///     (0..64u8).map(|n| HouseSample { rooms: n.into(), sold: n > 50 }).collect();
/// let mut model = House::build(&Cpu::default(), Seed(7));
/// Trainer::new(Adam::new(0.05)).epochs(20).fit(&mut model, &rows)?;
///
/// let threshold = Threshold::best(Criterion::F1, &model, House::sold, &rows)?;
/// let predicted = &model.predict(&[HouseInputs { rooms: 60.0 }])?[0];
/// println!("{} at {}: {}", threshold.figure, threshold.at, threshold.decide(predicted.sold));
/// # Ok::<(), multi_input::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// A probability above this counts as true. Of equally good thresholds it is the one nearest to
    /// 0.5, and the lower of two as near. It lies in the middle between two predictions, so that it
    /// may be below 0 if all rows are best true and the least prediction is 0.
    #[serde(with = "lossless::number")]
    pub at: f64,
    /// The value of the criterion at the threshold.
    #[serde(with = "lossless::number")]
    pub figure: f64,
}

/// What a threshold is chosen by. With tp, fp, fn, tn as the numbers of true positives, false
/// positives, false negatives and true negatives:
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Criterion {
    /// The highest F1 score, 2 tp / (2 tp + fp + fn), of the true class.
    F1,
    /// The highest balanced accuracy, (tp / (tp + fn) + tn / (tn + fp)) / 2.
    BalancedAccuracy,
    /// The highest Youden's J, tp / (tp + fn) + tn / (tn + fp) - 1: the same thresholds as balanced
    /// accuracy.
    Youden,
    /// The lowest mean cost of a row, (fp * `false_positive` + fn * `false_negative`) / rows.
    Cost {
        /// The cost of a false row that counts as true.
        false_positive: f64,
        /// The cost of a true row that counts as false.
        false_negative: f64,
    },
}

const BEST: &str = "Threshold::best";

impl Threshold {
    /// Whether a predicted probability counts as true.
    pub fn decide(&self, probability: f32) -> bool {
        f64::from(probability) > self.at
    }

    /// The best threshold of a flag, or of each of several labels.
    pub(crate) fn of_labels(criterion: Criterion, observed: &Observed) -> Result<Vec<Threshold>> {
        criterion.check()?;
        observed.check(BEST, "choose a threshold on")?;
        if observed.output.target.kind == TargetKind::Class {
            let name = observed.output.name;
            let reason = format!("`{name}` has classes, of which the most likely one is chosen");
            return Err(unsuitable(BEST, reason));
        }
        (0..observed.width()).map(|label| Threshold::of(criterion, observed, label)).collect()
    }

    /// The best threshold of one label.
    fn of(criterion: Criterion, observed: &Observed, label: usize) -> Result<Threshold> {
        let mut rows: Vec<(f64, bool)> = observed.label(label).collect();
        rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        let trues = rows.iter().filter(|(_, flag)| *flag).count();
        if trues == 0 || trues == rows.len() {
            let (name, count) = (observed.output.name, rows.len());
            let which = if trues == 0 { "false" } else { "true" };
            let label = match observed.width() {
                1 => String::new(),
                _ => format!(", label {label}"),
            };
            let reason = format!(
                "all {count} rows with a known target of `{name}`{label} are {which}: a threshold needs \
                 true and false ones"
            );
            return Err(unsuitable(BEST, reason));
        }
        Ok(criterion.best(&rows, trues))
    }
}

/// The numbers of rows by target and decision.
#[derive(Clone, Copy)]
struct Counts {
    true_positives: f64,
    false_positives: f64,
    false_negatives: f64,
    true_negatives: f64,
}

impl Criterion {
    fn check(self) -> Result<()> {
        let Criterion::Cost { false_positive, false_negative } = self else { return Ok(()) };
        let unsound = [("false_positive", false_positive), ("false_negative", false_negative)];
        match unsound.into_iter().find(|(_, cost)| !(*cost >= 0.0 && cost.is_finite())) {
            None => Ok(()),
            Some((name, cost)) => Err(unsuitable(
                BEST,
                format!("`{name}` must be a number of at least 0, but is {cost}"),
            )),
        }
    }

    /// The best threshold of rows in the order of their probabilities, `trues` of which are true.
    fn best(self, rows: &[(f64, bool)], trues: usize) -> Threshold {
        let groups: Vec<&[(f64, bool)]> = rows.chunk_by(|a, b| a.0 == b.0).collect();
        let (least, most) = (rows[0].0, rows[rows.len() - 1].0);
        // Below all probabilities every row counts as true; each group above becomes false.
        let mut counts = Counts {
            true_positives: trues as f64,
            false_positives: (rows.len() - trues) as f64,
            false_negatives: 0.0,
            true_negatives: 0.0,
        };
        let first = if least > 0.0 { least / 2.0 } else { -1.0 };
        let mut best = Threshold { at: first, figure: self.figure(counts) };
        for (index, group) in groups.iter().enumerate() {
            let of_true = group.iter().filter(|(_, flag)| *flag).count() as f64;
            let of_false = group.len() as f64 - of_true;
            counts.true_positives -= of_true;
            counts.false_negatives += of_true;
            counts.false_positives -= of_false;
            counts.true_negatives += of_false;
            let at = match groups.get(index + 1) {
                Some(next) => group[0].0 + (next[0].0 - group[0].0) / 2.0,
                None => most + (1.0 - most) / 2.0,
            };
            let found = Threshold { at, figure: self.figure(counts) };
            if self.is_better(found, best) {
                best = found;
            }
        }
        best
    }

    /// Whether `found`, a higher threshold, is preferred.
    fn is_better(self, found: Threshold, best: Threshold) -> bool {
        let (new, old) = match self {
            Criterion::Cost { .. } => (-found.figure, -best.figure),
            _ => (found.figure, best.figure),
        };
        let from_half = |threshold: Threshold| (threshold.at - 0.5).abs();
        new > old || new == old && from_half(found) < from_half(best)
    }

    fn figure(self, counts: Counts) -> f64 {
        let Counts { true_positives, false_positives, false_negatives, true_negatives } = counts;
        let wrong = false_positives + false_negatives;
        // Both classes have rows, so no denominator is 0.
        let recall = true_positives / (true_positives + false_negatives);
        let specificity = true_negatives / (true_negatives + false_positives);
        match self {
            Criterion::F1 => 2.0 * true_positives / (2.0 * true_positives + wrong),
            Criterion::BalancedAccuracy => (recall + specificity) / 2.0,
            Criterion::Youden => recall + specificity - 1.0,
            Criterion::Cost { false_positive, false_negative } => {
                let cost = false_positives * false_positive + false_negatives * false_negative;
                cost / (wrong + true_positives + true_negatives)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(criterion: Criterion, rows: &[(f64, bool)]) -> Threshold {
        criterion.best(rows, rows.iter().filter(|(_, flag)| *flag).count())
    }

    const ROWS: [(f64, bool); 6] =
        [(0.1, false), (0.2, false), (0.3, true), (0.4, false), (0.6, true), (0.9, true)];

    #[test]
    fn thresholds_have_their_literal_values() {
        // 3 of 4 predicted are true, and all true ones are found: 6 / 7.
        let found = best(Criterion::F1, &ROWS);
        assert_eq!((found.at, found.figure), (0.25, 6.0 / 7.0));
        // All false ones found, or all true ones: as good, and 0.5 is nearest to 0.5.
        let found = best(Criterion::BalancedAccuracy, &ROWS);
        assert_eq!((found.at, found.figure), (0.5, (2.0 / 3.0 + 1.0) / 2.0));
        assert_eq!(best(Criterion::Youden, &ROWS).at, 0.5);
        let cost =
            |false_positive, false_negative| Criterion::Cost { false_positive, false_negative };
        assert_eq!(best(cost(1.0, 5.0), &ROWS), Threshold { at: 0.25, figure: 1.0 / 6.0 });
        assert_eq!(best(cost(5.0, 1.0), &ROWS), Threshold { at: 0.5, figure: 1.0 / 6.0 });
        // Every row true, every row false.
        assert_eq!(best(cost(0.0, 1.0), &ROWS[1..]).at, 0.25);
        let all_true = [(0.0, true), (0.7, false), (0.8, true)];
        assert_eq!(best(cost(0.1, 5.0), &all_true), Threshold { at: -1.0, figure: 0.1 / 3.0 });
        let all_false = [(0.5, true), (1.0, false)];
        assert_eq!(best(cost(5.0, 0.1), &all_false), Threshold { at: 1.0, figure: 0.05 });
    }

    #[test]
    fn rows_of_one_probability_stay_together() {
        let rows = [(0.25, false), (0.75, true), (0.75, false), (0.75, true)];
        assert_eq!(best(Criterion::F1, &rows), Threshold { at: 0.5, figure: 0.8 });
        let threshold = Threshold { at: 0.5, figure: 0.8 };
        assert!(threshold.decide(0.75) && !threshold.decide(0.5) && !threshold.decide(0.25));
    }
}
