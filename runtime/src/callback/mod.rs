//! What happens beside training: one file a callback, driven by typed events.

mod early_stopping;
mod monitor;

pub use early_stopping::EarlyStopping;
pub use monitor::Monitor;

use crate::{definition::Graph, history::Figures, Result};

/// Something that is told how training goes and may stop it.
pub trait Callback {
    /// What is wrong with the callback's settings for this run; empty where nothing is.
    fn mistakes(&self, run: &RunPlan) -> Vec<String>;

    /// Takes note of an event.
    ///
    /// # Errors
    /// Whatever the callback runs into; training ends with it.
    fn on(&mut self, event: Event<'_>) -> Result<Flow>;
}

/// What is known of a run before it starts.
#[derive(Clone, Copy, Debug)]
pub struct RunPlan {
    /// The model.
    pub graph: &'static Graph,
    /// Whether there are rows to validate with.
    pub validation: Validation,
}

/// Whether there are rows to validate with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validation {
    /// Figures named `val_...` exist.
    Given,
    /// They do not.
    Missing,
}

/// What has just happened.
#[non_exhaustive]
pub enum Event<'a> {
    /// An epoch is over, its validation included.
    EpochEnded {
        /// The epoch, from 0.
        epoch: usize,
        /// Its figures.
        figures: &'a Figures,
        /// The model's weights.
        weights: &'a mut dyn Weights,
    },
    /// Training is over, whether at its last epoch, by a callback, or by an error.
    TrainingEnded {
        /// The model's weights.
        weights: &'a mut dyn Weights,
    },
}

/// Whether training goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// It does.
    Continue,
    /// It ends here.
    Stop,
}

/// The weights of the model in training, whatever its type.
pub trait Weights {
    /// A copy of all of them, those that are not trained included.
    ///
    /// # Errors
    /// The device's.
    fn snapshot(&self) -> Result<Snapshot>;

    /// Puts a copy back.
    ///
    /// # Errors
    /// The device's, and where the copy is of another model.
    fn restore(&mut self, snapshot: &Snapshot) -> Result<()>;
}

/// A copy of a model's weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot(pub(crate) Vec<Vec<f64>>);
