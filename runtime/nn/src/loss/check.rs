//! The check of a gradient written by hand.

use super::{AnyLoss, TargetRow};
use crate::difference::{central_difference, differs};

/// Compares the gradient of a loss with central differences of its value, for tests. Each case is a
/// head with a target. Heads at a kink of the loss, such as y = t of an absolute error, differ.
/// `torch.autograd.gradcheck`.
///
/// # Errors
/// The first element of a gradient that differs from the difference by more than 1e-5 of the larger
/// of 1, the gradient and the loss, or that is not finite.
///
/// ```
/// use multi_input_nn::loss::{self, Loss, LossForm, TargetRow};
///
/// #[derive(Debug)]
/// struct Wrong;
///
/// impl Loss for Wrong {
///     const FORM: LossForm = LossForm::of_numbers("wrong");
///
///     fn sample(&self, head: &[f64], target: TargetRow<'_>, gradient: &mut [f64]) -> f64 {
///         gradient[0] = head[0] - target.at(0); // lacks the factor 2
///         (head[0] - target.at(0)).powi(2)
///     }
/// }
///
/// let mistake = loss::check(&Wrong, &[(&[3.0], TargetRow::Doubles(&[1.0]))]).unwrap_err();
/// assert!(mistake.starts_with("`wrong`, case 0, element 0: the gradient is 2, but"));
/// ```
pub fn check(loss: &dyn AnyLoss, cases: &[(&[f64], TargetRow<'_>)]) -> Result<(), String> {
    for (case, (head, target)) in cases.iter().enumerate() {
        let mut gradient = vec![0.0; head.len()];
        let value = loss.sample(head, *target, &mut gradient);
        for (index, &given) in gradient.iter().enumerate() {
            let difference = central_difference(head[index], |element| {
                let mut head = head.to_vec();
                head[index] = element;
                loss.sample(&head, *target, &mut vec![0.0; head.len()])
            });
            if differs(given, difference, given.abs().max(value.abs())) {
                let name = loss.name();
                return Err(format!(
                    "`{name}`, case {case}, element {index}: the gradient is {given}, but the value \
                     changes by {difference} for each 1"
                ));
            }
        }
    }
    Ok(())
}
