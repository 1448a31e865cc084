//! The Huber loss: squared for small errors, absolute for large errors.

use multi_input_spec::LossForm;

use super::{mean_of_each, Loss, TargetRow, Units};

/// mean of e^2 / 2 where |e| <= delta, else delta * (|e| - delta / 2), with e = y - t.
/// `keras.losses.Huber(delta)`, `torch.nn.HuberLoss(delta=delta)`.
///
/// `delta` has the unit of the target before preprocessing: after `standardize` errors are in
/// standard deviations s of the target, and delta / s replaces `delta`.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "HuberLoss")]
#[doc(alias = "SmoothL1Loss")]
pub struct Huber {
    /// The error at which the loss changes from squared to absolute, in the unit of the target.
    pub delta: f64,
}

impl Default for Huber {
    fn default() -> Huber {
        Huber { delta: 1.0 }
    }
}

impl Loss for Huber {
    const FORM: LossForm = LossForm::of("huber");

    fn mistake(&self) -> Option<String> {
        super::not_positive("delta", self.delta)
    }

    fn turns_at(&self) -> Option<f64> {
        Some(self.delta)
    }

    fn sample(&self, head: &[f64], target: TargetRow<'_>, gradient: &mut [f64]) -> f64 {
        self.sample_in_units(head, target, Units::OWN, gradient)
    }

    fn sample_in_units(
        &self,
        head: &[f64],
        target: TargetRow<'_>,
        units: Units<'_>,
        gradient: &mut [f64],
    ) -> f64 {
        mean_of_each(head, target, gradient, |index, y, t| {
            let (error, delta) = (y - t, self.delta * units.at(index));
            if error.abs() <= delta {
                (0.5 * error * error, error)
            } else {
                (delta * (error.abs() - 0.5 * delta), delta * error.signum())
            }
        })
    }
}
