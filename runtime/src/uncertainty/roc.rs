//! The receiver operating characteristic, and precision over recall.

use std::path::Path;

use multi_input_base::Result;
use multi_input_data::schema::TargetKind;

use super::Observed;
use crate::plot;

/// The true-positive rate over the false-positive rate of every threshold, for a flag, a label or a
/// class against all others. `sklearn.metrics.roc_curve(drop_intermediate=False)`.
#[derive(Clone, Debug, PartialEq)]
pub struct RocCurve {
    /// The name of the output, with the number of the label or class in brackets.
    pub name: String,
    /// Pairs of false-positive and true-positive rate, from (0, 0) to (1, 1); empty if all rows are
    /// true or all are false.
    pub points: Vec<(f64, f64)>,
}

/// Precision over recall of every threshold, for a flag, a label or a class against all others.
/// `sklearn.metrics.precision_recall_curve`, in the order of increasing recall.
#[derive(Clone, Debug, PartialEq)]
pub struct PrecisionRecallCurve {
    /// The name of the output, with the number of the label or class in brackets.
    pub name: String,
    /// Pairs of recall and precision, from (0, 1); empty if no row is true.
    pub points: Vec<(f64, f64)>,
}

/// The most points of a drawn curve.
const DRAWN: usize = 400;

/// The name and the rows of each problem of true against false of an output.
fn problems(observed: &Observed) -> Vec<(String, Vec<(f64, bool)>)> {
    let name = observed.output.name;
    let several = |index: usize| format!("{name}[{index}]");
    let mut problems: Vec<(String, Vec<(f64, bool)>)> = match observed.output.target.kind {
        TargetKind::Class => {
            let class = |class| (several(class), observed.class(class).collect());
            (0..observed.width()).map(class).collect()
        }
        TargetKind::Flags => {
            let label = |label| (several(label), observed.label(label).collect());
            (0..observed.width()).map(label).collect()
        }
        _ => vec![(name.to_owned(), observed.label(0).collect())],
    };
    for (_, rows) in &mut problems {
        rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    }
    problems
}

/// The numbers of true and of false rows above each threshold, from the highest.
fn counts(rows: &[(f64, bool)]) -> Vec<(f64, f64)> {
    let mut sums = (0.0, 0.0);
    let groups = rows.chunk_by(|a, b| a.0 == b.0).map(|group| {
        let of_true = group.iter().filter(|(_, flag)| *flag).count();
        sums = (sums.0 + of_true as f64, sums.1 + (group.len() - of_true) as f64);
        sums
    });
    std::iter::once((0.0, 0.0)).chain(groups).collect()
}

impl RocCurve {
    pub(crate) fn of(observed: &Observed) -> Vec<RocCurve> {
        let curve = |(name, rows): (String, Vec<(f64, bool)>)| RocCurve::new(name, &rows);
        problems(observed).into_iter().map(curve).collect()
    }

    fn new(name: String, rows: &[(f64, bool)]) -> RocCurve {
        let counts = counts(rows);
        let (trues, falses) = counts.last().copied().unwrap_or_default();
        let points = match trues > 0.0 && falses > 0.0 {
            true => counts.iter().map(|(t, f)| (f / falses, t / trues)).collect(),
            false => Vec::new(),
        };
        RocCurve { name, points }
    }

    /// The area under the curve; NaN if all rows are true or all are false.
    /// `sklearn.metrics.roc_auc_score`.
    pub fn area(&self) -> f64 {
        if self.points.is_empty() {
            return f64::NAN;
        }
        let trapezoid =
            |pair: &[(f64, f64)]| (pair[1].0 - pair[0].0) * (pair[0].1 + pair[1].1) / 2.0;
        self.points.windows(2).map(trapezoid).sum()
    }

    /// Draws the curve.
    ///
    /// # Errors
    /// [`Error::File`](multi_input_base::Error::File).
    pub fn plot(&self, path: impl AsRef<Path>) -> Result<()> {
        plot::write(
            path.as_ref(),
            &plot::panel(&RocCurve::panel(&self.name, std::slice::from_ref(self))),
        )
    }

    /// A panel with all curves of an output.
    pub(crate) fn panel(output: &str, curves: &[RocCurve]) -> plot::Panel {
        let series = curves.iter().map(|curve| plot::Series {
            name: format!("{:.3}", curve.area()),
            points: drawn_points(&curve.points),
            dashed: false,
        });
        plot::Panel {
            title: format!("{output}: ROC"),
            x_title: "false-positive rate",
            x_scale: plot::XScale::Linear,
            series: series.chain([plot::Series::diagonal("chance")]).collect(),
        }
    }
}

impl PrecisionRecallCurve {
    pub(crate) fn of(observed: &Observed) -> Vec<PrecisionRecallCurve> {
        let curve =
            |(name, rows): (String, Vec<(f64, bool)>)| PrecisionRecallCurve::new(name, &rows);
        problems(observed).into_iter().map(curve).collect()
    }

    fn new(name: String, rows: &[(f64, bool)]) -> PrecisionRecallCurve {
        let counts = counts(rows);
        let trues = counts.last().map_or(0.0, |counts| counts.0);
        let point = |(t, f): (f64, f64)| (t / trues, if t + f > 0.0 { t / (t + f) } else { 1.0 });
        let points = match trues > 0.0 {
            true => counts.into_iter().map(point).collect(),
            false => Vec::new(),
        };
        PrecisionRecallCurve { name, points }
    }

    /// The average precision: the sum of the precision at each threshold times the increase in recall.
    /// NaN if no row is true. `sklearn.metrics.average_precision_score`.
    pub fn average_precision(&self) -> f64 {
        if self.points.is_empty() {
            return f64::NAN;
        }
        self.points.windows(2).map(|pair| (pair[1].0 - pair[0].0) * pair[1].1).sum()
    }

    /// Draws the curve.
    ///
    /// # Errors
    /// [`Error::File`](multi_input_base::Error::File).
    pub fn plot(&self, path: impl AsRef<Path>) -> Result<()> {
        let panel = PrecisionRecallCurve::panel(&self.name, std::slice::from_ref(self));
        plot::write(path.as_ref(), &plot::panel(&panel))
    }

    /// A panel with all curves of an output.
    pub(crate) fn panel(output: &str, curves: &[PrecisionRecallCurve]) -> plot::Panel {
        let series = curves.iter().map(|curve| plot::Series {
            name: format!("{:.3}", curve.average_precision()),
            points: drawn_points(&curve.points),
            dashed: false,
        });
        plot::Panel {
            title: format!("{output}: precision"),
            x_title: "recall",
            x_scale: plot::XScale::Linear,
            series: series.collect(),
        }
    }
}

/// At most [`DRAWN`] of the points, the first and the last among them.
fn drawn_points(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let step = points.len().div_ceil(DRAWN).max(1);
    let last = points.len().saturating_sub(1);
    let kept = points.iter().enumerate().filter(|(index, _)| index % step == 0 || *index == last);
    kept.map(|(_, point)| *point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // sklearn: y = [0, 0, 1, 1], p = [0.1, 0.4, 0.35, 0.8]; roc_auc_score 0.75,
    // average_precision_score 0.8333.
    #[test]
    fn curves_have_their_literal_values() {
        let rows = [(0.8, true), (0.4, false), (0.35, true), (0.1, false)];
        let roc = RocCurve::new("late".to_owned(), &rows);
        assert_eq!(roc.points, [(0.0, 0.0), (0.0, 0.5), (0.5, 0.5), (0.5, 1.0), (1.0, 1.0)]);
        assert_eq!(roc.area(), 0.75);
        let curve = PrecisionRecallCurve::new("late".to_owned(), &rows);
        assert_eq!(curve.points[..2], [(0.0, 1.0), (0.5, 1.0)]);
        assert!((curve.average_precision() - 5.0 / 6.0).abs() < 1e-12);
        let picture = plot::panel(&RocCurve::panel("late", &[roc]));
        for words in ["late: ROC", "0.750", "false-positive rate", "chance"] {
            assert!(picture.contains(words), "{words}");
        }
    }

    #[test]
    fn equal_probabilities_are_one_point() {
        let roc = RocCurve::new(String::new(), &[(0.5, true), (0.5, false), (0.5, true)]);
        assert_eq!((roc.points.len(), roc.area()), (2, 0.5));
        let all_true = [(0.5, true)];
        assert!(RocCurve::new(String::new(), &all_true).area().is_nan());
        assert!(PrecisionRecallCurve::new(String::new(), &[(0.5, false)]).points.is_empty());
    }

    #[test]
    fn drawn_curves_have_few_points() {
        let points: Vec<(f64, f64)> = (0..10_000).map(|n| (f64::from(n), 0.0)).collect();
        let drawn = drawn_points(&points);
        assert!(drawn.len() <= DRAWN + 1 && drawn.last() == points.last());
    }
}
