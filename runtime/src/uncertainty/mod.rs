//! Uncertainty after training: intervals and sets of classes with a coverage guarantee, calibrated
//! probabilities, and thresholds, all of them fitted on rows that the model was not trained on.
//!
//! | | fits | equivalent |
//! |---|---|---|
//! | [`Conformal`] | intervals of numbers, sets of classes and flags | MAPIE's `SplitConformalRegressor` and `SplitConformalClassifier` (score `lac`) |
//! | [`Calibration`] | a temperature or isotonic functions for probabilities | `sklearn.calibration.CalibratedClassifierCV(cv="prefit")` |
//! | [`Threshold`] | the probability above which a flag is true | `sklearn.model_selection.TunedThresholdClassifierCV` |
//! | [`Reliability`] | predicted probabilities against frequencies, and the calibration error | `sklearn.calibration.calibration_curve`; `torchmetrics.CalibrationError` |
//! | [`RocCurve`], [`PrecisionRecallCurve`] | the trade-off of all thresholds | `sklearn.metrics.roc_curve`, `precision_recall_curve` |

mod calibration;
mod conformal;
mod interval;
mod isotonic;
mod observed;
mod prediction_set;
mod reliability;
mod roc;
mod saved;
#[cfg(test)]
mod sklearn_tests;
mod temperature;
mod threshold;

pub(crate) use calibration::Fitted as FittedCalibration;
pub use calibration::{Calibration, CalibrationChange, CalibrationMethod};
pub use conformal::Conformal;
pub(crate) use conformal::Fitted as FittedConformal;
pub use interval::{Interval, IntervalPrediction};
pub(crate) use observed::{observed_row, Observed, ObservedModel};
pub use prediction_set::{ClassPrediction, ClassSet, FlagSet, LabelSet};
pub use reliability::{Reliability, ReliabilityBin};
pub use roc::{PrecisionRecallCurve, RocCurve};
pub(crate) use saved::Saved;
pub use threshold::{Criterion, Threshold};

use multi_input_base::Error;

/// [`Error::Unsuitable`].
fn unsuitable(operation: &'static str, reason: String) -> Error {
    Error::Unsuitable { operation, reason }
}
