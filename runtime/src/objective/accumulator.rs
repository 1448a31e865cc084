//! The accumulated metrics of an output; of several labels one for each label, and their mean.

use multi_input_nn::loss::TargetRow;

use crate::{
    definition::{Output, TargetKind},
    metric::{Metric, Running},
};

/// The accumulator of a metric of an output.
pub(crate) enum Accumulator {
    /// One accumulator for the whole output.
    Whole(Box<dyn Running>),
    /// One accumulator for each label of `[bool; N]`.
    Labels(Vec<Box<dyn Running>>),
}

impl Accumulator {
    /// The accumulator of `metric` before the first row of `output`.
    pub(crate) fn new(output: &Output, metric: &dyn Metric) -> Accumulator {
        match output.target.kind {
            TargetKind::Flags => Accumulator::Labels(metric.start_labels(output.width)),
            _ => Accumulator::Whole(metric.start()),
        }
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
            Accumulator::Labels(labels) => {
                for (index, (running, y)) in labels.iter_mut().zip(prediction).enumerate() {
                    let flag = target.at(index);
                    running.update(&[*y], TargetRow::Doubles(&[flag]), weight(flag));
                }
            }
        }
    }

    /// The metric over all rows so far. Of labels it is their unweighted mean (macro) without the
    /// labels that lack rows; NaN where all of them do.
    pub(crate) fn value(&self) -> f64 {
        match self {
            Accumulator::Whole(running) => running.value(),
            Accumulator::Labels(labels) => {
                let defined = labels.iter().filter_map(|label| {
                    let value = label.value();
                    (!value.is_nan() || !label.lacks_rows()).then_some(value)
                });
                let defined: Vec<f64> = defined.collect();
                defined.iter().sum::<f64>() / defined.len() as f64
            }
        }
    }

    /// The metric of each label; empty for an output without labels.
    pub(crate) fn by_label(&self) -> Vec<f64> {
        match self {
            Accumulator::Whole(_) => Vec::new(),
            Accumulator::Labels(labels) => labels.iter().map(|label| label.value()).collect(),
        }
    }

    /// The accumulated state, for a checkpoint in the middle of an epoch.
    pub(crate) fn state(&self) -> Vec<f64> {
        match self {
            Accumulator::Whole(running) => running.state(),
            Accumulator::Labels(labels) => {
                let states = labels.iter().map(|label| label.state());
                let of_label = |state: Vec<f64>| std::iter::once(state.len() as f64).chain(state);
                states.flat_map(of_label).collect()
            }
        }
    }

    /// Restores a state. An invalid state is refused, so that [`state`](Accumulator::state) then
    /// differs from it.
    pub(crate) fn set_state(&mut self, state: &[f64]) {
        let labels = match self {
            Accumulator::Whole(running) => return running.set_state(state),
            Accumulator::Labels(labels) => labels,
        };
        let mut rest = state;
        for label in labels {
            let Some((&length, after)) = rest.split_first() else { return };
            let Some((own, others)) = after.split_at_checked(length as usize) else { return };
            label.set_state(own);
            rest = others;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{Accuracy, Auc, Precision, Recall, F1};

    /// Predictions and targets of three labels. The last label is never true.
    const ROWS: [([f64; 3], [f64; 3]); 4] = [
        ([0.9, 0.2, 0.1], [1.0, 0.0, 0.0]),
        ([0.6, 0.7, 0.4], [0.0, 1.0, 0.0]),
        ([0.3, 0.8, 0.6], [1.0, 0.0, 0.0]),
        ([0.1, 0.4, 0.2], [0.0, 1.0, 0.0]),
    ];

    fn over(metric: &dyn Metric, rows: &[([f64; 3], [f64; 3])]) -> Accumulator {
        let mut labels = Accumulator::Labels(metric.start_labels(3));
        rows.iter().for_each(|(y, t)| labels.update(y, TargetRow::Doubles(t), |_| 1.0));
        labels
    }

    #[test]
    fn the_mean_is_over_the_labels() {
        // sklearn.metrics.*_score(average=None) and (average="macro"), zero_division=0.
        let cases: [(&dyn Metric, [f64; 3], f64); 4] = [
            (&Accuracy, [0.5, 0.5, 0.75], 1.75 / 3.0),
            (&Precision, [0.5, 0.5, 0.0], 1.0 / 3.0),
            (&Recall, [0.5, 0.5, 0.0], 1.0 / 3.0),
            (&F1, [0.5, 0.5, 0.0], 1.0 / 3.0),
        ];
        for (metric, by_label, mean) in cases {
            let found = over(metric, &ROWS);
            assert_eq!(found.by_label(), by_label, "{metric:?}");
            assert_eq!(found.value(), mean, "{metric:?}");
        }
    }

    #[test]
    fn the_mean_of_auc_leaves_out_a_label_of_one_side_but_no_undefined_score() {
        let found = over(&Auc, &ROWS);
        let by_label = found.by_label();
        // roc_auc_score([1, 0, 1, 0], [.9, .6, .3, .1]), ([0, 1, 0, 1], [.2, .7, .8, .4]).
        assert_eq!(by_label[..2], [0.75, 0.5]);
        assert!(by_label[2].is_nan());
        assert_eq!(found.value(), 0.625);
        let undefined = over(&Auc, &[ROWS[0], ROWS[1], ([f64::NAN; 3], [1.0, 1.0, 1.0])]);
        assert!(undefined.value().is_nan());
        assert!(over(&Auc, &ROWS[..1]).value().is_nan());
    }

    #[test]
    fn elements_count_by_their_weights() {
        let mut labels = Accumulator::Labels(Accuracy.start_labels(3));
        let weight = |flag: f64| if flag > 0.5 { 3.0 } else { 1.0 };
        ROWS.iter().for_each(|(y, t)| labels.update(y, TargetRow::Doubles(t), weight));
        // The first label: right are a true and a false row of two each.
        assert_eq!(labels.by_label(), [4.0 / 8.0, 4.0 / 8.0, 0.75]);
    }

    #[test]
    fn they_go_on_from_their_state() {
        let all: [&dyn Metric; 5] = [&Accuracy, &Precision, &Recall, &F1, &Auc];
        for metric in all {
            let (whole, first) = (over(metric, &ROWS), over(metric, &ROWS[..2]));
            let mut second = Accumulator::Labels(metric.start_labels(3));
            second.set_state(&first.state());
            assert_eq!(second.state(), first.state(), "{metric:?}");
            ROWS[2..].iter().for_each(|(y, t)| second.update(y, TargetRow::Doubles(t), |_| 1.0));
            assert_eq!(second.state(), whole.state(), "{metric:?}");
            // States that no rows lead to.
            for wrong in [&[][..], &[7.0], &[f64::NAN; 9], &[-1.0, 2.0]] {
                second.set_state(wrong);
            }
            second.value();
        }
    }
}
