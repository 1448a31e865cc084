//! The accumulator of a metric.

use super::TargetRow;

/// The accumulator of a metric.
///
/// Its state is a list of numbers: a checkpoint in the middle of an epoch holds it, and so may a
/// message between workers, each of which has seen a part of the rows.
pub trait Running {
    /// Adds a row with a weight. `update_state` in Keras.
    fn update(&mut self, prediction: &[f64], target: TargetRow<'_>, weight: f64);
    /// The metric over all rows so far; NaN before the first. `result` in Keras.
    fn value(&self) -> f64;
    /// Whether the rows so far are too much alike for a value, as for the AUC where all of them are
    /// true. The mean over labels leaves such a label out.
    fn lacks_rows(&self) -> bool {
        false
    }
    /// The weight of the rows so far whose flag is true, by which the average `weighted` weighs a
    /// label; NaN, the default, if the accumulator does not know it.
    fn support(&self) -> f64 {
        f64::NAN
    }
    /// The accumulated state. It determines all later values.
    fn state(&self) -> Vec<f64>;
    /// Restores a state. An invalid state is refused, so that [`state`](Running::state) then
    /// differs from it.
    fn set_state(&mut self, state: &[f64]);
    /// Adds the rows of another accumulator of the same metric, given its state: the value is then,
    /// to rounding, the value over the rows of both. An invalid state is refused: it changes
    /// nothing. `merge_state` in Keras, `Metric._reduce_states` in torchmetrics.
    fn merge(&mut self, state: &[f64]);
}

/// Reads a state that holds several: each after its length.
pub(crate) fn parts(state: &[f64]) -> Option<Vec<&[f64]>> {
    let (mut parts, mut rest) = (Vec::new(), state);
    while let Some((&length, after)) = rest.split_first() {
        let (part, others) = after.split_at_checked(length as usize)?;
        parts.push(part);
        rest = others;
    }
    Some(parts)
}

/// A state of several states, each after its length.
pub(crate) fn joined(states: impl IntoIterator<Item = Vec<f64>>) -> Vec<f64> {
    let with_length = |state: Vec<f64>| std::iter::once(state.len() as f64).chain(state);
    states.into_iter().flat_map(with_length).collect()
}
