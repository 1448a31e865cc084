//! Fitting uncertainty on a typed model, and keeping it with the model.

use multi_input_base::{Error, Result};
use multi_input_kernel::Element;

use super::Model;
use crate::{
    compute::Compute,
    definition::{ClassOutput, Network},
    objective::encode,
    uncertainty::{
        Calibration, CalibrationMethod, Conformal, Criterion, FittedCalibration, FittedConformal,
        Observed, ObservedModel, PrecisionRecallCurve, Reliability, RocCurve, Threshold,
    },
};

/// What rows without targets do not serve for.
const COMPARE: &str = "compare with";

impl<M: Network<E, D>, E: Element, D: Compute<E>> Model<M, E, D> {
    /// Keeps intervals and sets with the model: [`save`](Model::save) writes them to its file, and
    /// [`conformal`](Model::conformal) returns them. They belong to the weights: training,
    /// [`module_mut`](Model::module_mut) and [`restore`](Model::restore) drop them.
    ///
    /// # Errors
    /// [`Error::Unsuitable`] if they were fitted on other weights, or another
    /// preprocessing, than the model has.
    pub fn set_conformal(&mut self, conformal: &Conformal<M>) -> Result<()> {
        self.check_weights("Model::set_conformal", conformal.fitted().weights)?;
        self.inner_mut().uncertainty.conformal = Some(conformal.fitted().clone());
        Ok(())
    }

    /// The intervals and sets that were kept with the model.
    pub fn conformal(&self) -> Option<Conformal<M>> {
        self.inner().uncertainty.conformal.clone().map(Conformal::of)
    }

    /// Keeps a calibration with the model, as [`set_conformal`](Model::set_conformal) keeps
    /// intervals. Predictions stay those of the module: apply it with
    /// [`Calibration::apply`].
    ///
    /// # Errors
    /// [`Error::Unsuitable`] if it was fitted on other weights, or another
    /// preprocessing, than the model has.
    pub fn set_calibration(&mut self, calibration: &Calibration<M>) -> Result<()> {
        self.check_weights("Model::set_calibration", calibration.fitted().weights)?;
        self.inner_mut().uncertainty.calibration = Some(calibration.fitted().clone());
        Ok(())
    }

    fn check_weights(&self, operation: &'static str, fitted_on: u32) -> Result<()> {
        match D::core().weights_checksum(self.untyped()) == fitted_on {
            true => Ok(()),
            false => Err(Error::Unsuitable {
                operation,
                reason: "it was fitted on other weights or preprocessing than the model has: fit it again"
                    .to_owned(),
            }),
        }
    }

    /// The calibration that was kept with the model.
    pub fn calibration(&self) -> Option<Calibration<M>> {
        self.inner().uncertainty.calibration.clone().map(Calibration::of)
    }

    /// Predicted probabilities against frequencies, for a flag, a class, or each of several labels, on
    /// the rows with a known target.
    ///
    /// # Errors
    /// As [`evaluate`](Model::evaluate); [`Error::NoTargets`] without known targets; and
    /// [`Error::Unsuitable`] for a prediction that is no number from 0 to 1.
    #[rustfmt::skip]
    pub fn reliability(&self, output: impl ClassOutput<M>, rows: &[M::Sample]) -> Result<Vec<Reliability>> {
        let observed =
            self.observed_output(("Model::reliability", COMPARE), output.index(), rows)?;
        Ok(Reliability::of(&observed))
    }

    /// The receiver operating characteristic of a flag, of each of several labels, or of each class
    /// against all others, on the rows with a known target.
    ///
    /// # Errors
    /// As [`reliability`](Model::reliability).
    #[rustfmt::skip]
    pub fn roc_curves(&self, output: impl ClassOutput<M>, rows: &[M::Sample]) -> Result<Vec<RocCurve>> {
        let observed =
            self.observed_output(("Model::roc_curves", COMPARE), output.index(), rows)?;
        Ok(RocCurve::of(&observed))
    }

    /// Precision over recall, for the same problems as [`roc_curves`](Model::roc_curves).
    ///
    /// # Errors
    /// As [`reliability`](Model::reliability).
    #[rustfmt::skip]
    pub fn precision_recall_curves(&self, output: impl ClassOutput<M>, rows: &[M::Sample]) -> Result<Vec<PrecisionRecallCurve>> {
        let operation = ("Model::precision_recall_curves", COMPARE);
        let observed = self.observed_output(operation, output.index(), rows)?;
        Ok(PrecisionRecallCurve::of(&observed))
    }

    /// The predictions and known targets of every output.
    fn observed(&self, rows: &[M::Sample], purpose: &'static str) -> Result<ObservedModel> {
        D::core().observed(self.untyped(), encode::<M>(rows, purpose)?)
    }

    /// The predicted probabilities and known targets of one output, at least one.
    fn observed_output(
        &self,
        (operation, purpose): (&'static str, &'static str),
        index: usize,
        rows: &[M::Sample],
    ) -> Result<Observed> {
        let observed = self.observed(rows, purpose)?.outputs.into_iter().nth(index);
        let observed = observed.ok_or(Error::NoTargets(purpose))?;
        observed.check(operation, purpose)?;
        Ok(observed)
    }
}

impl<M> Conformal<M> {
    /// Fits intervals and sets of every output on calibration rows, which the model must not have been
    /// trained on. `coverage` is the probability with which they are to contain the truth, such as
    /// 0.9. Rows with an unknown target of an output do not count for it.
    ///
    /// # Errors
    /// [`Error::Unsuitable`] for a coverage that is not between 0 and 1, and for an output with fewer
    /// known rows than coverage / (1 - coverage), of which no score bounds a new one, and for
    /// predictions that are NaN, or of classes and flags no probabilities; as [`Model::evaluate`].
    pub fn fit<E: Element, D: Compute<E>>(
        model: &Model<M, E, D>,
        rows: &[M::Sample],
        coverage: f64,
    ) -> Result<Conformal<M>>
    where
        M: Network<E, D>,
    {
        let observed = model.observed(rows, "fit conformal prediction on")?;
        Ok(Conformal::of(FittedConformal::new(coverage, &observed)?))
    }
}

impl<M> Calibration<M> {
    /// Fits the calibration of every output of classes or flags on rows that the model was not trained
    /// on. Rows with an unknown target of an output do not count for it.
    ///
    /// # Errors
    /// [`Error::NoTargets`] for an output without known targets, [`Error::Unsuitable`] for a model
    /// without classes and flags, and for predictions that are no probabilities; as
    /// [`Model::evaluate`].
    pub fn fit<E: Element, D: Compute<E>>(
        model: &Model<M, E, D>,
        rows: &[M::Sample],
        method: CalibrationMethod,
    ) -> Result<Calibration<M>>
    where
        M: Network<E, D>,
    {
        let observed = model.observed(rows, "calibrate on")?;
        Ok(Calibration::of(FittedCalibration::new(method, &observed)?))
    }
}

impl Threshold {
    /// The best threshold of a `bool` output on rows that the model was not trained on.
    ///
    /// # Errors
    /// [`Error::NoTargets`] without known targets; [`Error::Unsuitable`] if all known rows are true or
    /// all are false, for a NaN prediction, for an output that is no `bool`, and for a cost that is no
    /// number of at least 0; as [`Model::evaluate`].
    #[rustfmt::skip]
    pub fn best<M: Network<E, D>, E: Element, D: Compute<E>>(criterion: Criterion, model: &Model<M, E, D>, output: impl ClassOutput<M>, rows: &[M::Sample]) -> Result<Threshold> {
        match &Threshold::best_of_labels(criterion, model, output, rows)?[..] {
            [threshold] => Ok(*threshold),
            several => Err(Error::Unsuitable {
                operation: "Threshold::best",
                reason: format!(
                    "the output has {} labels: `best_of_labels` has a threshold for each",
                    several.len()
                ),
            }),
        }
    }

    /// The best threshold of each label of a `[bool; N]` output.
    ///
    /// # Errors
    /// As [`best`](Threshold::best), if all known rows of a label are true or all are false.
    #[rustfmt::skip]
    pub fn best_of_labels<M: Network<E, D>, E: Element, D: Compute<E>>(criterion: Criterion, model: &Model<M, E, D>, output: impl ClassOutput<M>, rows: &[M::Sample]) -> Result<Vec<Threshold>> {
        let operation = ("Threshold::best", "choose a threshold on");
        let observed = model.observed_output(operation, output.index(), rows)?;
        Threshold::of_labels(criterion, &observed)
    }
}
