//! The figure that a callback watches.

use super::{RunPlan, Validation};
use crate::{
    definition::Graph,
    history::{Figure, Figures, Phase},
    metric::{Direction, Metric},
    train::OutputOf,
};

/// One figure of every epoch, with the way it gets better.
#[derive(Clone, Debug, PartialEq)]
pub struct Monitor {
    figure: Figure,
    direction: Direction,
}

impl Monitor {
    /// The total loss on the validation rows.
    pub fn val_loss() -> Monitor {
        Monitor::new(Phase::Validation, None, "loss", Direction::Lower)
    }

    /// The total loss on the training rows.
    pub fn loss() -> Monitor {
        Monitor::new(Phase::Training, None, "loss", Direction::Lower)
    }

    /// A metric of an output on the validation rows.
    pub fn val<M>(output: OutputOf<M>, metric: impl Metric) -> Monitor {
        let (output, direction) = (Some(output.name()), metric.direction());
        Monitor::new(Phase::Validation, output, metric.name(), direction)
    }

    /// A metric of an output on the training rows.
    pub fn train<M>(output: OutputOf<M>, metric: impl Metric) -> Monitor {
        let (output, direction) = (Some(output.name()), metric.direction());
        Monitor::new(Phase::Training, output, metric.name(), direction)
    }

    fn new(phase: Phase, output: Option<&str>, quantity: &str, direction: Direction) -> Monitor {
        let (output, quantity) = (output.map(str::to_owned), quantity.to_owned());
        Monitor { figure: Figure { phase, output, quantity }, direction }
    }

    /// What is wrong with watching this figure.
    pub(crate) fn mistakes(&self, run: &RunPlan) -> Vec<String> {
        let mut mistakes = Vec::new();
        if self.figure.phase == Phase::Validation && run.validation == Validation::Missing {
            mistakes.push(
                "a callback watches a validation figure, but there are no validation rows: \
                 call `validation_split` or `validation_data`"
                    .to_owned(),
            );
        }
        if let Some(output) = &self.figure.output {
            mistakes.extend(self.unknown_metric(run.graph, output));
        }
        mistakes
    }

    fn unknown_metric(&self, graph: &Graph, output: &str) -> Option<String> {
        let quantity = &self.figure.quantity;
        let Some(found) = graph.outputs.iter().find(|o| o.name == output) else {
            return Some(format!("a callback watches `{output}`, which is not an output"));
        };
        let known = found.metrics.iter().any(|metric| metric.name() == quantity);
        (!known).then(|| {
            format!(
                "a callback watches `{quantity}` of output `{output}`, which does not report it: \
                 add `{quantity}` to its `metrics(...)`"
            )
        })
    }

    /// The figure of an epoch.
    pub(crate) fn value(&self, figures: &Figures) -> Option<f64> {
        figures.find(&self.figure)
    }

    /// Whether `current` is better than `best` by more than `min_delta`.
    pub(crate) fn improves(&self, current: f64, best: f64, min_delta: f64) -> bool {
        match self.direction {
            Direction::Lower => current < best - min_delta,
            Direction::Higher => current > best + min_delta,
        }
    }

    /// What every figure is better than.
    pub(crate) fn worst(&self) -> f64 {
        match self.direction {
            Direction::Lower => f64::INFINITY,
            Direction::Higher => f64::NEG_INFINITY,
        }
    }
}
