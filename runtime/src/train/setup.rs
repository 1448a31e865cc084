//! Everything that a trainer was told, without the type of the model.

use multi_input_data::columns::RowSpec;
use multi_input_nn::optim::{AnyOptimizer, Optimizer};

use super::{
    row_weights::{SampleWeightCheck, Weighing},
    trainer::{Settings, ValidationRows},
    Trainer,
};
use crate::{
    callback::{AnyCallback, Progress, RunPlan, Untyped},
    definition::{Definition, Graph},
    importance::LeftOut,
};

/// What the training loop starts from.
#[doc(hidden)]
pub struct Setup {
    pub(super) graph: &'static Graph,
    /// How the fields of a sample are found in columns.
    pub(super) row: Option<&'static RowSpec>,
    pub(super) optimizer: Box<dyn AnyOptimizer>,
    pub(super) settings: Settings,
    pub(super) validation: ValidationRows,
    pub(super) progress: Progress,
    pub(super) callbacks: Vec<Box<dyn AnyCallback>>,
    pub(super) weighing: Weighing,
    /// What the functions that weigh rows say of those in memory.
    pub(super) answers: Vec<Vec<f64>>,
    /// An input that is to say nothing.
    pub(super) left_out: Option<LeftOut>,
}

/// A setup whose settings are sound, for rows in memory.
#[doc(hidden)]
pub struct Checked {
    pub(super) setup: Setup,
    pub(super) plan: RunPlan,
    /// What tells the weights of the rows from others.
    pub(super) weights: Vec<SampleWeightCheck>,
}

impl<M: Definition, O: Optimizer> Trainer<M, O> {
    /// The same without the types, for rows in memory; of those of a source there are none.
    pub(super) fn setup(self, rows: &[M::Sample]) -> (Setup, Vec<super::trainer::SampleWeight<M>>) {
        let answers = self.sample_weights.iter().map(|by_row| {
            // Asked once: a function may take long.
            rows.iter().map(|row| f64::from((by_row.weight)(row))).collect()
        });
        let weighed = self.sample_weights.iter().map(|by_row| (by_row.index, by_row.output));
        let untyped = |callback| Box::new(Untyped(callback)) as Box<dyn AnyCallback>;
        let setup = Setup {
            graph: &M::GRAPH,
            row: M::SAMPLE_ROW,
            optimizer: self.optimizer.boxed(),
            settings: self.settings,
            validation: self.validation,
            progress: self.progress,
            weighing: Weighing {
                graph: &M::GRAPH,
                by_row: weighed.collect(),
                by_class: self.class_weights,
            },
            answers: answers.collect(),
            callbacks: self.callbacks.into_iter().map(untyped).collect(),
            left_out: self.left_out,
        };
        (setup, self.sample_weights)
    }
}
