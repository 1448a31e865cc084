//! The settings of a trainer, independent of the type of the model.

use multi_input_data::columns::RowSpec;
use multi_input_nn::optim::AnyOptimizer;

use super::{
    settings::{Settings, ValidationRows},
    weighting::{SampleWeightCheck, Weighting},
    LeftOut,
};
use crate::{
    callback::{AnyCallback, Progress, RunPlan},
    definition::Graph,
};

/// The input of the training loop.
#[doc(hidden)]
pub struct Setup<'c> {
    pub(crate) graph: &'static Graph,
    /// How the fields of a sample are read from columns.
    pub(crate) row: Option<&'static RowSpec>,
    pub(crate) optimizer: Box<dyn AnyOptimizer>,
    pub(crate) settings: Settings,
    pub(crate) validation: ValidationRows,
    pub(crate) progress: Progress,
    pub(crate) callbacks: Vec<Box<dyn AnyCallback + 'c>>,
    pub(crate) weighting: Weighting,
    /// For each sample-weight function, the weights of the rows in memory.
    pub(crate) sample_weights: Vec<Vec<f64>>,
    /// An input that the run ignores.
    pub(crate) left_out: Option<LeftOut>,
}

/// A setup with valid settings, for rows in memory.
#[doc(hidden)]
pub struct Checked<'c> {
    pub(crate) setup: Setup<'c>,
    pub(crate) plan: RunPlan,
    /// The checksums of the sample weights.
    pub(crate) weights: Vec<SampleWeightCheck>,
}
