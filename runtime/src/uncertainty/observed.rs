//! Predictions of an output with their known targets.

use multi_input_base::{Error, Result};
use multi_input_data::schema::TargetKind;
use multi_input_nn::loss::TargetRow;

use super::unsuitable;
use crate::definition::Output;

/// The predictions of an output for the rows whose target is known.
#[derive(Clone, Debug)]
pub(crate) struct Observed {
    pub(crate) output: &'static Output,
    /// Row after row, each of as many numbers as the output has.
    pub(crate) predictions: Vec<f64>,
    /// Row after row: the numbers or flags, or the index of the class.
    pub(crate) targets: Vec<f64>,
    /// The number of rows.
    pub(crate) rows: usize,
}

/// The predictions of a model.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct ObservedModel {
    /// The checksum of the weights.
    pub(crate) weights: u32,
    /// One for each output.
    pub(crate) outputs: Vec<Observed>,
}

/// Adds a row to the observed ones.
pub(crate) fn observed_row(observed: &mut Observed, prediction: &[f64], target: TargetRow<'_>) {
    let target_width = observed.target_width();
    observed.rows += 1;
    match observed.output.target.kind {
        // The prediction in a row's type is `f64`.
        TargetKind::Doubles => observed.predictions.extend(prediction),
        // It is `f32`: scores have to be those of what the caller gets.
        _ => observed.predictions.extend(prediction.iter().map(|number| rounded(*number))),
    }
    match target {
        TargetRow::Class(class) => observed.targets.push(class as f64),
        numbers => observed.targets.extend((0..target_width).map(|index| numbers.at(index))),
    }
}

fn rounded(number: f64) -> f64 {
    f64::from(number as f32)
}

impl Observed {
    pub(crate) fn new(output: &'static Output) -> Observed {
        Observed { output, predictions: Vec::new(), targets: Vec::new(), rows: 0 }
    }

    fn target_width(&self) -> usize {
        match self.output.target.kind {
            TargetKind::Class => 1,
            _ => self.output.target.width.max(1),
        }
    }

    /// The number of numbers in a prediction.
    pub(super) fn width(&self) -> usize {
        self.predictions.len() / self.rows.max(1)
    }

    /// Pairs of prediction and target.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[f64], &[f64])> + Clone + '_ {
        let predictions = self.predictions.chunks_exact(self.width().max(1));
        predictions.zip(self.targets.chunks_exact(self.target_width()))
    }

    /// Pairs of the prediction and the target of one element.
    pub(super) fn element(&self, index: usize) -> impl Iterator<Item = (f64, f64)> + Clone + '_ {
        self.iter().map(move |(prediction, target)| (prediction[index], target[index]))
    }

    /// Pairs of the probability of one class and whether the row is of it.
    pub(super) fn class(&self, class: usize) -> impl Iterator<Item = (f64, bool)> + Clone + '_ {
        self.iter()
            .map(move |(prediction, target)| (prediction[class], target[0] as usize == class))
    }

    /// Pairs of the probability of one label or flag and its value.
    pub(super) fn label(&self, label: usize) -> impl Iterator<Item = (f64, bool)> + Clone + '_ {
        self.element(label).map(|(probability, flag)| (probability, flag > 0.5))
    }

    /// Why the predictions cannot be compared with the targets: one is NaN, or, for classes and flags,
    /// outside of 0..=1, as a loss of one's own without a link may have them.
    pub(crate) fn unfit(&self) -> Option<String> {
        let of_numbers = self.output.target.kind.is_numbers();
        let is_fit = |found: f64| match of_numbers {
            true => !found.is_nan(),
            false => (0.0..=1.0).contains(&found),
        };
        let index = self.predictions.iter().position(|found| !is_fit(*found))?;
        let (name, row) = (self.output.name, index / self.width().max(1));
        Some(match self.predictions[index] {
            found if found.is_nan() => {
                format!("the prediction of `{name}` is NaN for known row {row}")
            }
            found => format!(
                "the prediction of `{name}` is {found} for known row {row}, which is no probability: \
                 give the loss a link (`LossForm::link`), or let its `predict` return probabilities"
            ),
        })
    }

    /// # Errors
    /// [`Error::NoTargets`] without rows, [`Error::Unsuitable`] for predictions that are
    /// [unfit](Observed::unfit).
    pub(crate) fn check(&self, operation: &'static str, purpose: &'static str) -> Result<()> {
        if self.rows == 0 {
            return Err(Error::NoTargets(purpose));
        }
        self.unfit().map_or(Ok(()), |reason| Err(unsuitable(operation, reason)))
    }
}
