//! The accumulated metrics of an output; of several labels one for each label, and their mean.

use multi_input_nn::loss::TargetRow;

use crate::{
    definition::{Output, TargetKind},
    metric::{AnyMetric, Labels, Running},
};

/// The accumulator of a metric of an output.
pub(crate) enum Accumulator {
    /// One accumulator for the whole output.
    Whole(Box<dyn Running>),
    /// The accumulators for the labels of `[bool; N]`.
    Labels(Labels),
}

impl Accumulator {
    /// The accumulator of `metric` before the first row of `output`, whose classes may have labels.
    ///
    /// # Errors
    /// Why the metric cannot be computed with these labels.
    pub(crate) fn new(
        output: &Output,
        metric: &dyn AnyMetric,
        labels: Option<&[String]>,
    ) -> Result<Accumulator, String> {
        Ok(match (output.target.kind, labels) {
            (TargetKind::Flags, _) => Accumulator::Labels(metric.start_labels(output.width)),
            (_, Some(labels)) => Accumulator::Whole(metric.start_for(labels)?),
            (_, None) => Accumulator::Whole(metric.start()),
        })
    }

    /// Adds a row; `weight` is the weight of an element by its target.
    pub(crate) fn update(
        &mut self,
        prediction: &[f64],
        target: TargetRow<'_>,
        weight: impl Fn(f64) -> f64,
    ) {
        match self {
            Accumulator::Whole(running) => running.update(prediction, target, weight(0.0)),
            Accumulator::Labels(labels) => labels.update(prediction, target, &weight),
        }
    }

    /// The metric over all rows so far.
    pub(crate) fn value(&self) -> f64 {
        match self {
            Accumulator::Whole(running) => running.value(),
            Accumulator::Labels(labels) => labels.value(),
        }
    }

    /// The figures of single labels; empty for an output without labels.
    pub(crate) fn by_label(&self) -> Vec<f64> {
        match self {
            Accumulator::Whole(_) => Vec::new(),
            Accumulator::Labels(labels) => labels.by_label(),
        }
    }

    /// The accumulated state, for a checkpoint in the middle of an epoch.
    pub(crate) fn state(&self) -> Vec<f64> {
        match self {
            Accumulator::Whole(running) => running.state(),
            Accumulator::Labels(labels) => labels.state(),
        }
    }

    /// Restores a state. An invalid state is refused, so that [`state`](Accumulator::state) then
    /// differs from it.
    pub(crate) fn set_state(&mut self, state: &[f64]) {
        match self {
            Accumulator::Whole(running) => running.set_state(state),
            Accumulator::Labels(labels) => labels.set_state(state),
        }
    }

    /// Adds the rows of another accumulator, given its state.
    pub(crate) fn merge(&mut self, state: &[f64]) {
        match self {
            Accumulator::Whole(running) => running.merge(state),
            Accumulator::Labels(labels) => labels.merge(state),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{
        Accuracy, Auc, Average, Averaged, Erased, Label, Metric, Precision, Recall, F1,
    };

    /// Predictions and targets of three labels. The last label is never true.
    const ROWS: [([f64; 3], [f64; 3]); 4] = [
        ([0.9, 0.2, 0.1], [1.0, 0.0, 0.0]),
        ([0.6, 0.7, 0.4], [0.0, 1.0, 0.0]),
        ([0.3, 0.8, 0.6], [1.0, 0.0, 0.0]),
        ([0.1, 0.4, 0.2], [0.0, 1.0, 0.0]),
    ];

    fn over(metric: &dyn AnyMetric, rows: &[([f64; 3], [f64; 3])]) -> Accumulator {
        let mut labels = Accumulator::Labels(metric.start_labels(3));
        rows.iter().for_each(|(y, t)| labels.update(y, TargetRow::Doubles(t), |_| 1.0));
        labels
    }

    #[test]
    fn the_mean_is_over_the_labels() {
        // sklearn.metrics.*_score(average=None) and (average="macro"), zero_division=0.
        let cases: [(&dyn AnyMetric, [f64; 3], f64); 4] = [
            (&Erased(&Accuracy), [0.5, 0.5, 0.75], 1.75 / 3.0),
            (&Erased(&Precision), [0.5, 0.5, 0.0], 1.0 / 3.0),
            (&Erased(&Recall), [0.5, 0.5, 0.0], 1.0 / 3.0),
            (&Erased(&F1), [0.5, 0.5, 0.0], 1.0 / 3.0),
        ];
        for (metric, by_label, mean) in cases {
            let found = over(metric, &ROWS);
            assert_eq!(found.by_label(), by_label, "{metric:?}");
            assert_eq!(found.value(), mean, "{metric:?}");
        }
    }

    #[test]
    fn the_mean_of_auc_leaves_out_a_label_of_one_side_but_no_undefined_score() {
        let found = over(&Erased(&Auc), &ROWS);
        let by_label = found.by_label();
        // roc_auc_score([1, 0, 1, 0], [.9, .6, .3, .1]), ([0, 1, 0, 1], [.2, .7, .8, .4]).
        assert_eq!(by_label[..2], [0.75, 0.5]);
        assert!(by_label[2].is_nan());
        assert_eq!(found.value(), 0.625);
        let undefined = over(&Erased(&Auc), &[ROWS[0], ROWS[1], ([f64::NAN; 3], [1.0, 1.0, 1.0])]);
        assert!(undefined.value().is_nan());
        assert!(over(&Erased(&Auc), &ROWS[..1]).value().is_nan());
    }

    #[test]
    fn averages_are_over_the_labels() {
        let value = |metric: &dyn AnyMetric| {
            let found = over(metric, &ROWS);
            assert!(found.by_label().is_empty(), "the average is the only figure");
            found.value()
        };
        macro_rules! of {
            ($average:expr) => {
                value(&Erased(&Averaged { metric: F1, average: $average }))
            };
        }
        // sklearn.metrics.f1_score(average=...): 2 right of 5 predicted and 4 actual.
        assert_eq!(of!(Average::Micro), 4.0 / 9.0);
        assert_eq!(of!(Average::Macro), 1.0 / 3.0);
        assert_eq!(of!(Average::Weighted), 0.5);
        assert_eq!(of!(Average::Binary(Label::Index(2))), 0.0);
        assert!(of!(Average::Binary(Label::Index(3))).is_nan());
    }

    /// The share of rows of which every label is right.
    #[derive(Debug)]
    struct Exact;

    impl Metric for Exact {
        const NAME: &'static str = "exact";
        const TARGETS: &'static [crate::metric::Target] = &[crate::metric::Target::Flags];

        fn direction(&self) -> crate::metric::Direction {
            crate::metric::Direction::Higher
        }
        fn start(&self) -> Box<dyn Running> {
            Box::new(crate::metric::Mean::of(|prediction, target| {
                let mut labels = prediction.iter().enumerate();
                let right = labels.all(|(index, y)| (*y > 0.5) == (target.at(index) > 0.5));
                f64::from(u8::from(right))
            }))
        }
        fn start_labels(&self, _labels: usize) -> Labels {
            Labels::Row(self.start())
        }
    }

    #[test]
    fn a_metric_may_take_all_labels_of_a_row_at_once() {
        let mut found = over(&Erased(&Exact), &ROWS);
        // All labels of row 0 are right.
        assert_eq!((found.value(), found.by_label().len()), (0.25, 0));
        found.update(&[0.9; 3], TargetRow::Doubles(&[1.0; 3]), |flag| 2.0 * flag);
        assert_eq!(found.value(), 3.0 / 6.0);
    }

    #[test]
    fn elements_count_by_their_weights() {
        let mut labels = Accumulator::Labels(Erased(&Accuracy).start_labels(3));
        let weight = |flag: f64| if flag > 0.5 { 3.0 } else { 1.0 };
        ROWS.iter().for_each(|(y, t)| labels.update(y, TargetRow::Doubles(t), weight));
        // The first label: right are a true and a false row of two each.
        assert_eq!(labels.by_label(), [4.0 / 8.0, 4.0 / 8.0, 0.75]);
    }

    #[test]
    fn they_go_on_from_their_state() {
        let all: [&dyn AnyMetric; 9] = [
            &Erased(&Accuracy),
            &Erased(&Precision),
            &Erased(&Recall),
            &Erased(&F1),
            &Erased(&Auc),
            &Erased(&Averaged { metric: F1, average: Average::Macro }),
            &Erased(&Averaged { metric: F1, average: Average::Micro }),
            &Erased(&Averaged { metric: F1, average: Average::Weighted }),
            &Erased(&Averaged { metric: F1, average: Average::Binary(Label::Index(1)) }),
        ];
        for metric in all {
            let (whole, first) = (over(metric, &ROWS), over(metric, &ROWS[..2]));
            let mut second = Accumulator::Labels(metric.start_labels(3));
            second.set_state(&first.state());
            assert_eq!(second.state(), first.state(), "{metric:?}");
            ROWS[2..].iter().for_each(|(y, t)| second.update(y, TargetRow::Doubles(t), |_| 1.0));
            assert_eq!(second.state(), whole.state(), "{metric:?}");
            let mut merged = metric.start_labels(3);
            merged.merge(&first.state());
            merged.merge(&over(metric, &ROWS[2..]).state());
            assert_eq!(merged.value().to_bits(), whole.value().to_bits(), "{metric:?}");
            // States that no rows lead to.
            for wrong in [&[][..], &[7.0], &[f64::NAN; 9], &[-1.0, 2.0]] {
                second.set_state(wrong);
            }
            second.value();
        }
    }
}
