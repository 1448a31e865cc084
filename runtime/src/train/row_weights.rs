//! How much each row counts in each output's loss.

use crate::{
    data::{Column, Values},
    definition::{Output, Target},
};

/// One weight for each row and output; 1 where nothing was said.
#[derive(Clone, Debug, Default)]
pub(crate) struct RowWeights(Vec<Option<Vec<f64>>>);

impl RowWeights {
    /// The weight of a row in an output's loss.
    pub(crate) fn of(&self, output: usize, row: usize) -> f64 {
        match self.0.get(output) {
            Some(Some(weights)) => weights[row],
            _ => 1.0,
        }
    }

    /// Multiplies the weights of an output's rows.
    pub(crate) fn scale(&mut self, output: usize, by_row: impl IntoIterator<Item = f64>) {
        if self.0.len() <= output {
            self.0.resize(output + 1, None);
        }
        match &mut self.0[output] {
            Some(weights) => weights.iter_mut().zip(by_row).for_each(|(w, by)| *w *= by),
            none => *none = Some(by_row.into_iter().collect()),
        }
    }
}

/// The weight of every row by the class in its target column; a class without a weight counts 1.
pub(super) fn of_classes(column: &Column, weights: &[(usize, f64)]) -> Vec<f64> {
    let of =
        |class: usize| weights.iter().rev().find(|(own, _)| *own == class).map_or(1.0, |w| w.1);
    match &*column.values {
        Values::Categories(classes) => classes.iter().map(|&class| of(class as usize)).collect(),
        Values::Numbers(flags) => flags.iter().map(|&flag| of(usize::from(flag > 0.5))).collect(),
        // Labels have become classes by now, and nothing else is a target.
        _ => vec![1.0; column.values.len()],
    }
}

/// What is wrong with class weights for an output.
pub(super) fn class_mistakes(output: &Output, weights: &[(usize, f64)]) -> Vec<String> {
    let name = output.name;
    let classes = match output.target {
        Target::Class => output.width,
        Target::Flag => 2,
        Target::Numbers | Target::Doubles => {
            return vec![format!("output `{name}` has class weights, but its target is no class")]
        }
    };
    let mut mistakes = Vec::new();
    for &(class, weight) in weights {
        if class >= classes {
            let last = classes.saturating_sub(1);
            mistakes.push(format!(
                "output `{name}` has a weight for class {class}, but its classes are 0 to {last}"
            ));
        }
        if !(weight >= 0.0 && weight.is_finite()) {
            mistakes.push(format!(
                "output `{name}`: the weight of class {class} must be a number of at least 0, \
                 but is {weight}"
            ));
        }
    }
    mistakes
}
