//! Everything that a trainer was told, without the type of the model.

use multi_input_data::columns::RowSpec;
use multi_input_nn::optim::AnyOptimizer;

use super::{
    settings::{Settings, ValidationRows},
    weighing::{SampleWeightCheck, Weighing},
    LeftOut,
};
use crate::{
    callback::{AnyCallback, Progress, RunPlan},
    definition::Graph,
};

/// What the training loop starts from.
#[doc(hidden)]
pub struct Setup {
    pub(crate) graph: &'static Graph,
    /// How the fields of a sample are found in columns.
    pub(crate) row: Option<&'static RowSpec>,
    pub(crate) optimizer: Box<dyn AnyOptimizer>,
    pub(crate) settings: Settings,
    pub(crate) validation: ValidationRows,
    pub(crate) progress: Progress,
    pub(crate) callbacks: Vec<Box<dyn AnyCallback>>,
    pub(crate) weighing: Weighing,
    /// What the functions that weigh rows say of those in memory.
    pub(crate) answers: Vec<Vec<f64>>,
    /// An input that is to say nothing.
    pub(crate) left_out: Option<LeftOut>,
}

/// A setup whose settings are sound, for rows in memory.
#[doc(hidden)]
pub struct Checked {
    pub(crate) setup: Setup,
    pub(crate) plan: RunPlan,
    /// What tells the weights of the rows from others.
    pub(crate) weights: Vec<SampleWeightCheck>,
}
