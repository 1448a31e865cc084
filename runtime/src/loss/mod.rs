//! What training minimises, one file a loss, each with Keras's formula.

mod binary_cross_entropy;
mod cross_entropy;
mod huber;
mod mae;
mod mse;
mod target;

pub use binary_cross_entropy::BinaryCrossEntropy;
pub use cross_entropy::CrossEntropy;
pub use huber::Huber;
pub use mae::Mae;
pub use mse::Mse;
pub use target::TargetRow;

/// A function of a sample's head and target, and its derivative.
pub trait Loss: std::fmt::Debug + Sync {
    /// The name in the DSL.
    fn name(&self) -> &'static str;

    /// The loss of one sample, the mean over its elements; its derivative by each number of
    /// `head` replaces what `gradient` holds.
    fn sample(&self, head: &[f64], target: TargetRow<'_>, gradient: &mut [f64]) -> f64;
}

/// The mean of `element(head, target)`, which gives value and derivative, over all elements.
fn mean_of(
    head: &[f64],
    target: TargetRow<'_>,
    gradient: &mut [f64],
    element: impl Fn(f64, f64) -> (f64, f64),
) -> f64 {
    let count = head.len().max(1) as f64;
    let mut sum = 0.0;
    for (index, (&head, gradient)) in head.iter().zip(gradient).enumerate() {
        let (value, slope) = element(head, target.at(index));
        sum += value;
        *gradient = slope / count;
    }
    sum / count
}

#[cfg(test)]
mod tests;
