//! A loss given by the formula of its value.

use std::fmt;

use multi_input_spec::LossForm;

use super::{
    real::{Dual, LANES},
    Loss, Real, TargetRow, Units,
};

/// A loss given by its value alone, as one formula over [`Real`] numbers. The gradient is computed
/// from the same formula with numbers that carry their derivatives (forward-mode automatic
/// differentiation), four elements of the head at a time. Every formula is a [`Loss`].
///
/// In Keras a function of `y_true` and `y_pred`, in PyTorch one of tensors, whose gradient comes
/// from the tape.
///
/// ```
/// use multi_input_nn::loss::{self, LossForm, LossFormula, Real, TargetRow};
///
/// /// mean(|y - t|^exponent)
/// #[derive(Debug)]
/// struct Power {
///     exponent: f64,
/// }
///
/// impl LossFormula for Power {
///     const FORM: LossForm = LossForm::of_numbers("power");
///
///     fn value<N: Real>(&self, head: &[N], target: TargetRow<'_>) -> N {
///         let errors = head.iter().enumerate().map(|(index, y)| (*y - target.at(index)).abs());
///         errors.map(|error| error.powf(self.exponent)).sum::<N>() / head.len() as f64
///     }
/// }
///
/// loss::check(&Power { exponent: 1.5 }, &[(&[0.5], TargetRow::Doubles(&[2.0]))])?;
/// # Ok::<(), String>(())
/// ```
pub trait LossFormula: fmt::Debug + Sync {
    /// [`Loss::FORM`].
    const FORM: LossForm;

    /// The loss of one row.
    fn value<N: Real>(&self, head: &[N], target: TargetRow<'_>) -> N;

    /// [`value`](LossFormula::value) for a target whose unit preprocessing has changed. Only a loss
    /// with a length in that unit differs: it is multiplied by [`Units::at`] of the element.
    fn value_in_units<N: Real>(&self, head: &[N], target: TargetRow<'_>, units: Units<'_>) -> N {
        let _ = units;
        self.value(head, target)
    }

    /// [`Loss::mistake`].
    fn mistake(&self) -> Option<String> {
        None
    }

    /// [`Loss::turns_at`].
    fn turns_at(&self) -> Option<f64> {
        None
    }

    /// [`Loss::target_range`].
    fn target_range(&self) -> Option<(f32, f32)> {
        None
    }

    /// [`Loss::predict`].
    fn predict(&self, head: &[f64], prediction: &mut [f64]) {
        super::predict(&Self::FORM, head, prediction);
    }

    /// [`Loss::point`].
    fn point(&self) -> usize {
        0
    }

    /// [`Loss::identity`].
    fn identity(&self) -> String {
        String::new()
    }
}

#[diagnostic::do_not_recommend] // The message names both traits.
impl<F: LossFormula> Loss for F {
    const FORM: LossForm = F::FORM;

    fn mistake(&self) -> Option<String> {
        LossFormula::mistake(self)
    }

    fn target_range(&self) -> Option<(f32, f32)> {
        LossFormula::target_range(self)
    }

    fn turns_at(&self) -> Option<f64> {
        LossFormula::turns_at(self)
    }

    fn identity(&self) -> String {
        LossFormula::identity(self)
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
        let mut numbers: Vec<Dual> = head.iter().map(|&number| Dual::from(number)).collect();
        let mut value = 0.0;
        for first in (0..head.len().max(1)).step_by(LANES) {
            let lanes = first..head.len().min(first + LANES);
            for (lane, index) in lanes.clone().enumerate() {
                numbers[index] = Dual::variable(head[index], lane);
            }
            let loss = self.value_in_units(&numbers, target, units);
            for (lane, index) in lanes.enumerate() {
                gradient[index] = loss.derivatives()[lane];
                numbers[index] = Dual::from(head[index]);
            }
            value = loss.value();
        }
        value
    }

    fn predict(&self, head: &[f64], prediction: &mut [f64]) {
        LossFormula::predict(self, head, prediction);
    }

    fn point(&self) -> usize {
        LossFormula::point(self)
    }
}
