//! The Tweedie deviance, for amounts that are often exactly 0.

use multi_input_spec::LossForm;

use super::{mean_of, Loss, TargetRow};

/// mean of 2 (t^(2 - p) / ((1 - p) (2 - p)) - t y^(1 - p) / (1 - p) + y^(2 - p) / (2 - p)), the
/// deviance of a compound Poisson-gamma distribution with the mean y and the variance phi y^p: sums
/// of claims, rain, sales. 1e-7 is added to y. End the branch in `softplus`, which keeps it above 0.
/// `sklearn.metrics.mean_tweedie_deviance(power=p)`, the objective `reg:tweedie` of XGBoost.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "mean_tweedie_deviance")]
#[doc(alias = "tweedie_deviance")]
pub struct Tweedie {
    /// The exponent of the variance, above 1 (Poisson) and below 2 (gamma).
    pub power: f64,
}

const EPSILON: f64 = 1e-7;

impl Default for Tweedie {
    fn default() -> Tweedie {
        Tweedie { power: 1.5 }
    }
}

impl Loss for Tweedie {
    const FORM: LossForm = LossForm::of("tweedie");

    fn mistake(&self) -> Option<String> {
        let sound = self.power > 1.0 && self.power < 2.0;
        (!sound).then(|| format!("`power` must be above 1 and below 2, but is {}", self.power))
    }

    fn target_range(&self) -> Option<(f32, f32)> {
        Some((0.0, f32::INFINITY))
    }

    fn sample(&self, head: &[f64], target: TargetRow<'_>, gradient: &mut [f64]) -> f64 {
        let (one, two) = (1.0 - self.power, 2.0 - self.power);
        mean_of(head, target, gradient, |y, t| {
            let y = y + EPSILON;
            let (rate, inverse) = (y.powf(one), y.powf(-self.power));
            let value = t.powf(two) / (one * two) - t * rate / one + y * rate / two;
            (2.0 * value, 2.0 * (rate - t * inverse))
        })
    }
}
