//! What a model keeps about its uncertainty, and its file saves.

use serde::{Deserialize, Serialize};

use super::{calibration, conformal};
use crate::definition::Graph;

/// The fitted uncertainty of a model. It belongs to the weights: anything that changes them drops it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Saved {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) conformal: Option<conformal::Fitted>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) calibration: Option<calibration::Fitted>,
}

impl Saved {
    /// Whether there is nothing to save.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Saved::default()
    }

    /// What was fitted on the model with this checksum.
    pub(crate) fn of_weights(self, checksum: u32) -> Saved {
        Saved {
            conformal: self.conformal.filter(|own| own.weights == checksum),
            calibration: self.calibration.filter(|own| own.weights == checksum),
        }
    }

    /// As fitted on the model with this checksum.
    pub(crate) fn with_weights(mut self, checksum: u32) -> Saved {
        self.conformal.iter_mut().for_each(|own| own.weights = checksum);
        self.calibration.iter_mut().for_each(|own| own.weights = checksum);
        self
    }

    /// Why this cannot have been fitted on a model of this graph.
    pub(crate) fn mistake(&self, graph: &Graph) -> Option<String> {
        let conformal = self.conformal.as_ref().and_then(|own| own.mistake(graph));
        conformal.or_else(|| self.calibration.as_ref().and_then(|own| own.mistake(graph)))
    }
}
