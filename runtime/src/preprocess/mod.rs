//! What is learned from the training rows about the raw values, and applied to every row.
//!
//! One file a step. A step is fitted on the present values of the training rows only, so nothing of
//! the validation or test rows leaks into it, and it travels inside the checkpoint.

mod impute;
mod standardize;

use serde::{Deserialize, Serialize};

use crate::{
    data::{Table, Values},
    definition::{Graph, Input, InputKind, Missing, Step, Target},
};

pub use impute::MeanImputation;
pub use standardize::Standardization;

/// The fitted preprocessing of a model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Preprocessing {
    /// The steps of every input, in order.
    pub inputs: Vec<Vec<Fitted>>,
    /// How every target is standardized, if it is.
    pub targets: Vec<Option<Standardization>>,
}

/// A step that has been fitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Fitted {
    /// Absent numbers become means.
    Impute(MeanImputation),
    /// Numbers get mean 0 and variance 1.
    Standardize(Standardization),
}

/// Which rows of a column are there.
#[derive(Clone, Copy, Debug)]
pub struct Presence<'a>(Option<&'a [bool]>);

impl Presence<'_> {
    fn of(self, row: usize) -> bool {
        self.0.is_none_or(|present| present[row])
    }
}

impl Preprocessing {
    /// Fits every step on the rows of `table`, which hold inputs and targets.
    pub fn fit(graph: &Graph, table: &Table) -> Preprocessing {
        let inputs = graph.inputs.iter().zip(&table.columns);
        let targets = graph.outputs.iter().zip(table.columns.iter().skip(graph.inputs.len()));
        Preprocessing {
            inputs: inputs
                .map(|(input, column)| match &column.values {
                    Values::Numbers(numbers) => {
                        let presence = Presence(column.present.as_deref());
                        fit_input(input, numbers.clone(), presence)
                    }
                    Values::Categories(_) => Vec::new(),
                })
                .collect(),
            targets: targets
                .map(|(output, column)| match &column.values {
                    Values::Numbers(numbers) if standardized(output.standardize, output.target) => {
                        Some(Standardization::fit(numbers, column.width, 1, Presence(None)))
                    }
                    _ => None,
                })
                .collect(),
        }
    }

    /// What a model without fitted preprocessing lacks, in words; `None` where it needs none.
    pub fn needed(graph: &Graph) -> Option<String> {
        let steps = |input: &&Input| !input.steps.is_empty();
        let imputes = |input: &&Input| input.missing == Some(Missing::Mean);
        let input = graph.inputs.iter().find(|input| steps(input) || imputes(input));
        if let Some(input) = input {
            return Some(format!("input `{}` needs its mean", input.name));
        }
        let output = graph.outputs.iter().find(|o| standardized(o.standardize, o.target))?;
        Some(format!("output `{}` needs its target's mean", output.name))
    }

    /// The preprocessed inputs, and the targets as the losses compare with them.
    pub fn transform(&self, table: &Table) -> Table {
        let mut table = table.clone();
        for (steps, column) in self.inputs.iter().zip(&mut table.columns) {
            let presence = Presence(column.present.as_deref());
            if let Values::Numbers(numbers) = &mut column.values {
                steps.iter().for_each(|step| step.apply(numbers, presence));
            }
        }
        let targets = table.columns.iter_mut().skip(self.inputs.len());
        for (step, column) in self.targets.iter().zip(targets) {
            if let (Some(step), Values::Numbers(numbers)) = (step, &mut column.values) {
                step.apply(numbers);
            }
        }
        table
    }

    /// Why this cannot have been fitted for a model of this graph; `None` where it can.
    pub(crate) fn mismatch(&self, graph: &Graph) -> Option<String> {
        if self.inputs.len() != graph.inputs.len() || self.targets.len() != graph.outputs.len() {
            return Some("it has other inputs and outputs".to_owned());
        }
        let inputs = graph.inputs.iter().zip(&self.inputs);
        let widths = inputs.flat_map(|(input, steps)| {
            steps.iter().map(move |step| match step {
                Fitted::Impute(step) => {
                    (input.name, step.mean.len(), input.shape.iter().product::<usize>())
                }
                Fitted::Standardize(step) => {
                    let last = input.shape.last().copied().unwrap_or(1);
                    (input.name, step.width(), last)
                }
            })
        });
        let targets = graph.outputs.iter().zip(&self.targets);
        let targets = targets.filter_map(|(output, step)| {
            step.as_ref().map(|step| (output.name, step.width(), output.width))
        });
        let wrong = widths.chain(targets).find(|(_, found, expected)| found != expected);
        if let Some((name, found, expected)) = wrong {
            return Some(format!("`{name}` should have {expected} means, but has {found}"));
        }
        self.unusable(graph)
    }

    /// What a damaged file may hold: other steps than the graph asks for, or numbers that make
    /// every prediction a NaN.
    fn unusable(&self, graph: &Graph) -> Option<String> {
        for (input, steps) in graph.inputs.iter().zip(&self.inputs) {
            let imputes = input.missing == Some(Missing::Mean);
            let kinds = imputes.then_some(None).into_iter();
            let kinds = kinds.chain(input.steps.iter().copied().map(Some));
            let numbers = input.kind == InputKind::Numbers;
            if numbers && !kinds.eq(steps.iter().map(Fitted::kind)) {
                return Some(format!("the steps of `{}` are others", input.name));
            }
            if !steps.iter().all(Fitted::is_usable) {
                return Some(format!("`{}` has a scale that is not above 0", input.name));
            }
        }
        for (output, step) in graph.outputs.iter().zip(&self.targets) {
            if step.is_some() != standardized(output.standardize, output.target) {
                return Some(format!("the steps of `{}` are others", output.name));
            }
            if !step.as_ref().is_none_or(Standardization::is_usable) {
                return Some(format!("`{}` has a scale that is not above 0", output.name));
            }
        }
        None
    }

    /// Brings the predictions of output `index` back to the user's unit.
    pub(crate) fn restore(&self, index: usize, predictions: &mut [f64]) {
        if let Some(Some(step)) = self.targets.get(index) {
            step.invert(predictions);
        }
    }
}

/// A flag or class has no unit to standardize.
fn standardized(asked: bool, target: Target) -> bool {
    asked && target == Target::Numbers
}

/// Every step is fitted on what the steps before it make of the numbers.
fn fit_input(input: &Input, mut numbers: Vec<f32>, presence: Presence<'_>) -> Vec<Fitted> {
    let width: usize = input.shape.iter().product();
    let last = input.shape.last().copied().unwrap_or(1);
    let mut fitted = Vec::new();
    let mut push = |step: Fitted, numbers: &mut Vec<f32>| {
        step.apply(numbers, presence);
        fitted.push(step);
    };
    if input.missing == Some(Missing::Mean) {
        let step = MeanImputation::fit(&numbers, width, presence);
        push(Fitted::Impute(step), &mut numbers);
    }
    for step in input.steps {
        let step = match step {
            Step::Standardize => {
                let repeats = width / last.max(1);
                Fitted::Standardize(Standardization::fit(&numbers, last, repeats, presence))
            }
        };
        push(step, &mut numbers);
    }
    fitted
}

impl Fitted {
    /// The step of the graph that this was fitted for; `None` for imputation, which is no step.
    fn kind(&self) -> Option<Step> {
        match self {
            Fitted::Impute(_) => None,
            Fitted::Standardize(_) => Some(Step::Standardize),
        }
    }

    fn is_usable(&self) -> bool {
        match self {
            Fitted::Impute(step) => step.mean.iter().all(|mean| mean.is_finite()),
            Fitted::Standardize(step) => step.is_usable(),
        }
    }

    fn apply(&self, numbers: &mut [f32], presence: Presence<'_>) {
        match self {
            Fitted::Impute(step) => step.apply(numbers, presence),
            Fitted::Standardize(step) => step.apply(numbers),
        }
    }
}
