//! Metrics, one file each, computed row by row in the user's unit.
//!
//! A metric of your own is a type that implements [`Metric`]. An output names it by its path, with
//! its fields as arguments, and everything takes it as it takes ours: logs and history, monitors,
//! weighted metrics, labels, checkpoints, reports.
//!
//! ```
//! use multi_input::prelude::*;
//! use multi_input::metric::{Direction, Mean, Metric, Running, Target};
//!
//! /// The share of rows whose prediction is off by at most a share of the target.
//! #[derive(Debug)]
//! pub struct Within {
//!     pub share: f64,
//! }
//!
//! impl Metric for Within {
//!     const NAME: &'static str = "within";
//!     const TARGETS: &'static [Target] = &[Target::Numbers];
//!
//!     fn direction(&self) -> Direction {
//!         Direction::Higher
//!     }
//!     fn start(&self) -> Box<dyn Running> {
//!         let share = self.share;
//!         Box::new(Mean::of(move |prediction, target| {
//!             let error = (prediction[0] - target.at(0)).abs();
//!             if error <= share * target.at(0).abs() { 1.0 } else { 0.0 }
//!         }))
//!     }
//! }
//!
//! #[multi_input_model]
//! pub struct House {
//!     #[input(standardize)]
//!     rooms: [f32; 2],
//!     #[from(rooms)]
//!     #[branch(Dense(1))]
//!     #[output(loss = mse, metrics(mae, Within(share = 0.1)))]
//!     price: f32,
//! }
//! # fn main() -> multi_input::Result<()> {
//! # let rows: Vec<HouseSample> =
//! #     (1..9).map(|n| HouseSample { rooms: [n as f32, 2.0], price: n as f32 }).collect();
//! let mut model = House::build(&Cpu::default(), Seed(7));
//! let watched = Monitor::val(House::price, Within { share: 0.1 });
//! let history = Trainer::new(Adam::new(0.1))
//!     .validation_split(0.25)
//!     .callback(EarlyStopping::on(watched).patience(3))
//!     .fit(&mut model, &rows)?;
//! assert_eq!(history.curve("val_within").len(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! A metric that is no mean over rows has an accumulator of its own, a [`Running`]; [`check`] finds
//! mistakes in it. [`FromConfusion`] computes from the counts of each class.

mod average;
mod builtin;
mod check;
pub(crate) mod confusion;
mod confusion_matrix;
mod erased;
mod label_metrics;
mod labels;
mod mean;
mod running;
mod score_histogram;
mod targets;

use std::borrow::Cow;

pub use average::{Average, Averaged, ByClass, Label};
pub use builtin::{
    Accuracy, Auc, AucOvo, FBeta, Mae, Mape, Mse, Precision, Recall, Rmse, TopK, F1, R2,
};
pub use check::{check, Row};
pub use confusion::{ClassCounts, FromConfusion};
pub use confusion_matrix::ConfusionMatrix;
pub use erased::{AnyMetric, Erased};
pub use label_metrics::LabelMetrics;
pub use labels::Labels;
pub use mean::Mean;
pub use multi_input_nn::loss::TargetRow;
pub use multi_input_spec::Target;
pub use running::Running;
pub(crate) use targets::SavedTargets;
pub use targets::Targets;

/// A metric. Its fields are its parameters.
///
/// [The page of this module](self) shows a whole example.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no metric",
    label = "does not implement `multi_input::metric::Metric`",
    note = "implement `Metric` for it: its name, the targets it measures, whether lower or higher is \
            better, and the accumulator of its rows"
)]
pub trait Metric: std::fmt::Debug + Sync + 'static {
    /// The name: for one of ours the name in the DSL. Of a metric of your own it is none of ours,
    /// and not `loss`.
    const NAME: &'static str;
    /// The targets it measures. Another target is a compile error.
    const TARGETS: &'static [Target];
    /// The name of its figure in logs and histories; by default [`NAME`](Metric::NAME). Where an
    /// output reports the same metric with several parameters, the names differ.
    fn name(&self) -> Cow<'static, str> {
        Cow::Borrowed(Self::NAME)
    }
    /// The direction in which the metric improves.
    fn direction(&self) -> Direction;
    /// The accumulator of the metric, before the first row.
    fn start(&self) -> Box<dyn Running>;
    /// The accumulator for an output whose classes have labels (`categories`), given in class
    /// order; by default [`start`](Metric::start).
    ///
    /// # Errors
    /// Why the metric cannot be computed with these labels. It is reported before training.
    fn start_for(&self, labels: &[String]) -> Result<Box<dyn Running>, String> {
        let _ = labels;
        Ok(self.start())
    }
    /// The accumulators for `labels` labels of a target `[bool; N]`; by default one for each label.
    fn start_labels(&self, labels: usize) -> Labels {
        Labels::Each((0..labels).map(|_| self.start()).collect())
    }
    /// Why the metric is undefined on rows with these targets, in words that can follow a colon;
    /// `None` if it is defined.
    fn undefined_for(&self, targets: &Targets) -> Option<String> {
        let _ = targets;
        None
    }
}

/// The targets of a metric of numbers, and of one of classes.
const NUMBERS: &[Target] = &[Target::Numbers];
const CLASSES: &[Target] = &[Target::Class, Target::Flag, Target::Flags];

/// A model whose output number `OUTPUT` lists metrics in its `metrics(...)`. The expansion of
/// `#[multi_input_model]` implements it.
pub trait Reports<const OUTPUT: usize> {
    /// The type that stands for the list. Its name is `metrics_of_price`, so that the message about
    /// another metric names the output.
    type Metrics;
}

/// A metric of the list `Metrics`.
pub trait ReportedIn<Metrics> {}

/// The direction in which a figure improves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Lower is better, as for an error.
    Lower,
    /// Higher is better, as for an accuracy.
    Higher,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(metric: &impl Metric, rows: &[(&[f64], TargetRow<'_>)]) -> f64 {
        let mut running = metric.start();
        rows.iter().for_each(|(prediction, target)| running.update(prediction, *target, 1.0));
        running.value()
    }

    #[test]
    fn errors_have_their_literal_values() {
        let rows: [(&[f64], TargetRow<'_>); 3] = [
            (&[1.0], TargetRow::Numbers(&[1.0])),
            (&[2.0], TargetRow::Numbers(&[4.0])),
            (&[3.0], TargetRow::Numbers(&[4.0])),
        ];
        assert_eq!(over(&Mae, &rows), 1.0);
        assert_eq!(over(&Mse, &rows), 5.0 / 3.0);
        assert_eq!(over(&Rmse, &rows), (5.0f64 / 3.0).sqrt());
        // sklearn.metrics.r2_score([1, 4, 4], [1, 2, 3]) = 1 - 5 / 6.
        assert!((over(&R2, &rows) - 1.0 / 6.0).abs() < 1e-12);
        assert!(over(&Mae, &[]).is_nan());
    }

    #[test]
    fn r2_is_the_mean_over_columns_and_defined_for_constant_targets() {
        let rows: [(&[f64], TargetRow<'_>); 2] = [
            (&[1.0, 5.0], TargetRow::Numbers(&[1.0, 5.0])),
            (&[3.0, 5.0], TargetRow::Numbers(&[3.0, 5.0])),
        ];
        assert_eq!(over(&R2, &rows), 1.0);
        let constant: [(&[f64], TargetRow<'_>); 2] =
            [(&[1.0], TargetRow::Numbers(&[5.0])), (&[3.0], TargetRow::Numbers(&[5.0]))];
        assert_eq!(over(&R2, &constant), 0.0);
    }

    /// Rows for every kind of target.
    fn rows() -> [Vec<([f64; 3], TargetRow<'static>)>; 3] {
        let prediction = |i: u32| {
            let y = |k: f64| (f64::from(i) * k).sin().abs();
            [y(0.3), y(1.7), y(0.9)]
        };
        let of = |target: fn(u32) -> TargetRow<'static>| {
            (0..12).map(|i| (prediction(i), target(i))).collect()
        };
        [
            of(|i| TargetRow::Class(i as usize % 3)),
            of(|_| TargetRow::Numbers(&[1.0, 0.0, 1.0])),
            of(|_| TargetRow::Doubles(&[0.25, 3.0, -1.0])),
        ]
    }

    #[track_caller]
    fn checked(metric: &impl Metric, rows: &[([f64; 3], TargetRow<'static>)]) {
        let weight = |index: usize| 0.5 + index as f64 / 8.0;
        let rows = rows.iter().enumerate();
        let rows: Vec<Row<'_>> = rows
            .map(|(index, (prediction, target))| Row {
                prediction,
                target: *target,
                weight: weight(index),
            })
            .collect();
        check(metric, &rows).unwrap();
        let mut running = metric.start();
        rows.iter().for_each(|row| running.update(row.prediction, row.target, row.weight));
        assert!(running.value().is_finite(), "{metric:?}");
    }

    #[test]
    fn a_state_is_all_that_is_kept_and_parts_merge_to_the_whole() {
        let [classes, flags, numbers] = rows();
        for rows in [&flags, &numbers] {
            checked(&Mae, rows);
            checked(&Mse, rows);
            checked(&Rmse, rows);
            checked(&Mape, rows);
            checked(&R2, rows);
        }
        for rows in [&classes, &flags] {
            checked(&Accuracy, rows);
            checked(&Precision, rows);
            checked(&Recall, rows);
            checked(&F1, rows);
            checked(&FBeta { beta: 0.5 }, rows);
            checked(&Auc, rows);
            for average in [
                Average::Macro,
                Average::Micro,
                Average::Weighted,
                Average::Binary(Label::Index(1)),
            ] {
                checked(&Averaged { metric: Precision, average }, rows);
                checked(&Averaged { metric: Recall, average }, rows);
                checked(&Averaged { metric: F1, average }, rows);
                checked(&Averaged { metric: FBeta { beta: 2.0 }, average }, rows);
                checked(&Averaged { metric: Auc, average }, rows);
            }
        }
        checked(&TopK { k: 2 }, &classes);
        checked(&AucOvo, &classes);
        checked(&Averaged { metric: AucOvo, average: Average::Weighted }, &classes);
    }

    #[test]
    fn names_say_the_average() {
        let name = |average| Averaged { metric: F1, average }.name();
        assert_eq!(name(Average::Micro), "f1_micro");
        assert_eq!(name(Average::Binary(Label::Index(2))), "f1_binary_2");
        assert_eq!(name(Average::Binary(Label::Text("cat"))), "f1_binary_cat");
        assert_eq!(FBeta { beta: 0.5 }.name(), "f0.5");
        let ovo = Averaged { metric: AucOvo, average: Average::Weighted };
        assert_eq!(ovo.name(), "auc_ovo_weighted");
    }

    #[test]
    fn a_label_is_found_or_named() {
        let labels: Vec<String> = ["ant", "cat"].map(String::from).to_vec();
        let of = |label| Averaged { metric: F1, average: Average::Binary(Label::Text(label)) };
        let mut running = of("cat").start_for(&labels).unwrap();
        running.update(&[0.2, 0.8], TargetRow::Class(1), 1.0);
        running.update(&[0.1, 0.9], TargetRow::Class(0), 1.0);
        assert_eq!(running.value(), 2.0 / 3.0);
        let error = of("dog").start_for(&labels).err().unwrap();
        let expected = "no training row has the label `dog`; the labels are `ant`, `cat`";
        assert_eq!(error, expected);
    }

    #[test]
    fn accuracy_takes_the_largest_class_and_the_nearer_flag() {
        let rows: [(&[f64], TargetRow<'_>); 3] = [
            (&[0.1, 0.7, 0.2], TargetRow::Class(1)),
            (&[0.4, 0.4, 0.2], TargetRow::Class(0)),
            (&[0.4, 0.4, 0.2], TargetRow::Class(1)),
        ];
        assert_eq!(over(&Accuracy, &rows), 2.0 / 3.0);
        let flags: [(&[f64], TargetRow<'_>); 2] =
            [(&[0.51], TargetRow::Numbers(&[1.0])), (&[0.5], TargetRow::Numbers(&[1.0]))];
        assert_eq!(over(&Accuracy, &flags), 0.5);
    }
}
