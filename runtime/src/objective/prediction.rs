//! From heads to predictions in the user's unit.

use std::borrow::Cow;

use multi_input_data::preprocess::Preprocessing;
use multi_input_spec::{HeadForm, Part};

use crate::definition::{Graph, Output};

/// Converts the heads of a batch to predictions: each loss says what its head means, and the steps
/// of the target are undone.
pub(crate) fn predictions(
    graph: &Graph,
    fitted: Option<&Preprocessing>,
    heads: Vec<Vec<f64>>,
) -> Vec<Vec<f64>> {
    let outputs = graph.outputs.iter().zip(heads).enumerate();
    let predicted = outputs.map(|(index, (output, heads))| {
        let mut predicted = output.loss.predict(heads, output.head, output.predicted());
        if let Some(fitted) = fitted.filter(|_| !output.steps.is_empty()) {
            undo_steps(output, index, fitted, &mut predicted);
        }
        predicted
    });
    predicted.collect()
}

/// Brings predictions back to the user's unit.
fn undo_steps(output: &Output, index: usize, fitted: &Preprocessing, predicted: &mut [f64]) {
    let HeadForm::Parts(parts) = output.loss.form().head else {
        return fitted.restore_unit(index, predicted);
    };
    let units = fitted.units();
    let units = units.get(index).filter(|units| !units.is_empty());
    for (number, part) in parts.iter().enumerate() {
        let of_part = || (number..predicted.len()).step_by(parts.len());
        match (part, units) {
            (Part::Value, _) => {
                let mut values: Vec<f64> = of_part().map(|place| predicted[place]).collect();
                fitted.restore_unit(index, &mut values);
                of_part().zip(values).for_each(|(place, value)| predicted[place] = value);
            }
            (Part::Length, Some(units)) => {
                let places = of_part().zip(units.iter().cycle());
                places.for_each(|(place, unit)| predicted[place] /= unit);
            }
            (Part::Length, None) | (Part::Unitless, _) => {}
        }
    }
}

/// The numbers of predictions that metrics compare with the target: one for each number of it.
pub(crate) fn points<'a>(output: &Output, predictions: &'a [f64]) -> Cow<'a, [f64]> {
    match output.loss.parts(output.head, output.width) {
        0 | 1 => Cow::Borrowed(predictions),
        parts => predictions.iter().skip(output.loss.point()).step_by(parts).copied().collect(),
    }
}
