//! The accumulators of a metric of several labels.

use super::{
    running::{joined, parts},
    Running, TargetRow,
};

/// The accumulators of a metric of an output `[bool; N]`, whose rows have N flags.
pub enum Labels {
    /// One for each label, which takes one prediction and one flag. Each has a figure of its own,
    /// beside their unweighted mean.
    Each(Vec<Box<dyn Running>>),
    /// One for each label, as above; their unweighted mean is the only figure.
    Macro(Vec<Box<dyn Running>>),
    /// One for each label, as above; their mean weighted by [`Running::support`] is the only
    /// figure.
    Weighted(Vec<Box<dyn Running>>),
    /// One that takes the predictions and flags of all labels one by one, each as a row of its own.
    Micro(Box<dyn Running>),
    /// One that takes the prediction and flag of the label with this number.
    Only(usize, Box<dyn Running>),
    /// One that takes all predictions and flags of a row at once. The weight of a row is the mean
    /// of the weights of its elements.
    Row(Box<dyn Running>),
}

impl Labels {
    /// The number of labels that have a figure of their own.
    pub(crate) fn figures(&self) -> usize {
        match self {
            Labels::Each(labels) => labels.len(),
            _ => 0,
        }
    }

    /// Adds a row; `weight` is the weight of an element by its flag.
    pub fn update(
        &mut self,
        prediction: &[f64],
        target: TargetRow<'_>,
        weight: &dyn Fn(f64) -> f64,
    ) {
        let element = |index: usize, running: &mut dyn Running| {
            let flag = target.at(index);
            running.update(&prediction[index..=index], TargetRow::Doubles(&[flag]), weight(flag));
        };
        match self {
            Labels::Each(labels) | Labels::Macro(labels) | Labels::Weighted(labels) => {
                let labels = labels.iter_mut().take(prediction.len()).enumerate();
                labels.for_each(|(index, running)| element(index, &mut **running));
            }
            Labels::Micro(running) => {
                (0..prediction.len()).for_each(|index| element(index, &mut **running));
            }
            Labels::Only(label, running) if *label < prediction.len() => {
                element(*label, &mut **running);
            }
            Labels::Only(..) => {}
            Labels::Row(running) => {
                let weights = (0..prediction.len()).map(|index| weight(target.at(index)));
                let weight = weights.sum::<f64>() / prediction.len().max(1) as f64;
                running.update(prediction, target, weight);
            }
        }
    }

    /// The metric over all rows so far. A mean leaves out the labels that lack rows; it is NaN
    /// where all of them do.
    pub fn value(&self) -> f64 {
        match self {
            Labels::Each(labels) | Labels::Macro(labels) => mean(labels, |_| 1.0),
            Labels::Weighted(labels) => mean(labels, |label| label.support()),
            Labels::Micro(running) | Labels::Only(_, running) | Labels::Row(running) => {
                running.value()
            }
        }
    }

    /// The figure of each label that has one.
    pub fn by_label(&self) -> Vec<f64> {
        match self {
            Labels::Each(labels) => labels.iter().map(|label| label.value()).collect(),
            _ => Vec::new(),
        }
    }

    /// The accumulated state. It determines all later values.
    pub fn state(&self) -> Vec<f64> {
        joined(self.accumulators().map(|running| running.state()))
    }

    /// Restores a state. An invalid state is refused, so that [`state`](Labels::state) then differs
    /// from it.
    pub fn set_state(&mut self, state: &[f64]) {
        self.with_parts(state, |running, state| running.set_state(state));
    }

    /// Adds the rows of other accumulators, given their state, as [`Running::merge`].
    pub fn merge(&mut self, state: &[f64]) {
        self.with_parts(state, |running, state| running.merge(state));
    }

    fn with_parts(&mut self, state: &[f64], change: impl Fn(&mut dyn Running, &[f64])) {
        let Some(parts) = parts(state) else { return };
        let own = self.accumulators_mut();
        if parts.len() == own.len() {
            own.iter_mut().zip(parts).for_each(|(running, part)| change(&mut **running, part));
        }
    }

    fn accumulators(&self) -> impl Iterator<Item = &dyn Running> {
        let all = match self {
            Labels::Each(labels) | Labels::Macro(labels) | Labels::Weighted(labels) => &labels[..],
            Labels::Micro(running) | Labels::Only(_, running) | Labels::Row(running) => {
                std::slice::from_ref(running)
            }
        };
        all.iter().map(|running| &**running)
    }

    fn accumulators_mut(&mut self) -> &mut [Box<dyn Running>] {
        match self {
            Labels::Each(labels) | Labels::Macro(labels) | Labels::Weighted(labels) => labels,
            Labels::Micro(running) | Labels::Only(_, running) | Labels::Row(running) => {
                std::slice::from_mut(running)
            }
        }
    }
}

/// The weighted mean of the labels that do not lack rows. Where their weights sum to 0 it is 0, as
/// with scikit-learn's `zero_division=0`.
fn mean(labels: &[Box<dyn Running>], weight: impl Fn(&dyn Running) -> f64) -> f64 {
    let (mut sum, mut weights, mut known) = (0.0, 0.0, false);
    for label in labels {
        let value = label.value();
        if value.is_nan() && label.lacks_rows() {
            continue;
        }
        let weight = weight(&**label);
        // Selected rather than multiplied: a label of weight 0 may be no number.
        sum += if weight == 0.0 { 0.0 } else { weight * value };
        weights += weight;
        known = true;
    }
    match (known, weights == 0.0) {
        (false, _) => f64::NAN,
        (true, true) => 0.0,
        (true, false) => sum / weights,
    }
}
