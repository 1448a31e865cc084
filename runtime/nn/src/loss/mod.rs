//! The losses, one file each, with Keras's formulas.

mod binary_cross_entropy;
mod binary_focal;
mod cosine_similarity;
mod cross_entropy;
mod focal;
mod hinge;
mod huber;
mod kl_divergence;
mod log_cosh;
mod mae;
mod mse;
mod poisson;
mod target;
mod units;

pub use binary_cross_entropy::BinaryCrossEntropy;
pub use binary_focal::{BalancedBinaryFocal, BinaryFocal};
pub use cosine_similarity::CosineSimilarity;
pub use cross_entropy::CrossEntropy;
pub use focal::Focal;
pub use hinge::Hinge;
pub use huber::Huber;
pub use kl_divergence::KlDivergence;
pub use log_cosh::LogCosh;
pub use mae::Mae;
pub use mse::Mse;
pub use poisson::Poisson;
pub use target::TargetRow;
pub use units::Units;

/// A loss: a function of the output and the target of a sample, and its derivative.
pub trait Loss: std::fmt::Debug + Sync {
    /// The name in the DSL.
    fn name(&self) -> &'static str;

    /// The error text of an invalid parameter, which may come from a constant; `None` where all are
    /// valid.
    fn mistake(&self) -> Option<String> {
        None
    }

    /// The error at which the loss changes from squared to absolute, in the unit of the target, if
    /// any.
    fn turns_at(&self) -> Option<f64> {
        None
    }

    /// The smallest and the largest valid target, if limited.
    fn target_range(&self) -> Option<(f32, f32)> {
        None
    }

    /// The loss of one sample, the mean over its elements. `gradient` receives the derivative with
    /// respect to each element of `head`.
    fn sample(&self, head: &[f64], target: TargetRow<'_>, gradient: &mut [f64]) -> f64;

    /// [`sample`](Loss::sample) for a target whose unit preprocessing has changed. Only a loss with
    /// a parameter in that unit, such as Huber's `delta`, differs.
    fn sample_in_units(
        &self,
        head: &[f64],
        target: TargetRow<'_>,
        units: Units<'_>,
        gradient: &mut [f64],
    ) -> f64 {
        let _ = units;
        self.sample(head, target, gradient)
    }
}

/// The mean over all elements of `element(head, target)`, which returns value and derivative.
fn mean_of(
    head: &[f64],
    target: TargetRow<'_>,
    gradient: &mut [f64],
    element: impl Fn(f64, f64) -> (f64, f64),
) -> f64 {
    mean_of_each(head, target, gradient, |_, head, target| element(head, target))
}

/// [`mean_of`] with the index of the element as a further argument.
fn mean_of_each(
    head: &[f64],
    target: TargetRow<'_>,
    gradient: &mut [f64],
    element: impl Fn(usize, f64, f64) -> (f64, f64),
) -> f64 {
    let count = head.len().max(1) as f64;
    let mut sum = 0.0;
    for (index, (&head, gradient)) in head.iter().zip(gradient).enumerate() {
        let (value, grad) = element(index, head, target.at(index));
        sum += value;
        *gradient = grad / count;
    }
    sum / count
}

/// The logarithms of the softmax of logits.
fn log_softmax(head: &[f64]) -> impl Iterator<Item = f64> + '_ {
    // Not `f64::max`, which would drop a NaN, at which training must stop.
    let max = head.iter().copied().fold(f64::NEG_INFINITY, |a, b| if b < a { a } else { b });
    let log_sum = head.iter().map(|z| (z - max).exp()).sum::<f64>().ln() + max;
    head.iter().map(move |z| z - log_sum)
}

/// An error text where a number is not above 0.
fn not_positive(name: &str, value: f64) -> Option<String> {
    let sound = value > 0.0 && value.is_finite();
    (!sound).then(|| format!("`{name}` must be a number above 0, but is {value}"))
}

/// An error text where a number is below 0, or 1 and above.
fn not_fraction(name: &str, value: f64) -> Option<String> {
    let sound = (0.0..1.0).contains(&value);
    (!sound).then(|| format!("`{name}` must be at least 0 and below 1, but is {value}"))
}

#[cfg(test)]
mod tests;
