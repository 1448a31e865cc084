//! The logarithm of the hyperbolic cosine: squared for small errors, absolute for large errors.

use multi_input_spec::LossForm;

use super::{mean_of_each, Loss, TargetRow, Units};

/// mean of ln(cosh(e)) with e = y - t, computed without overflow or cancellation.
/// `keras.losses.LogCosh`.
///
/// The loss changes from squared to absolute at an error of about 1 in the unit of the target
/// before preprocessing: where preprocessing scales the unit to u, the loss is u^2 ln(cosh(e / u)),
/// which has the same curvature at 0.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogCosh;

impl Loss for LogCosh {
    const FORM: LossForm = LossForm::of("log_cosh");

    fn turns_at(&self) -> Option<f64> {
        Some(1.0)
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
            let unit = units.at(index);
            let error = (y - t) / unit;
            (unit * unit * ln_cosh(error), unit * error.tanh())
        })
    }
}

fn ln_cosh(x: f64) -> f64 {
    let size = x.abs();
    match size < 1.0 {
        // Near 0 the other formula is a difference of nearly equal numbers.
        true => 0.5 * (size.sinh() * size.sinh()).ln_1p(),
        false => size + (-2.0 * size).exp().ln_1p() - std::f64::consts::LN_2,
    }
}
