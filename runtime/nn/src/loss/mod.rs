//! The losses, one file each, with Keras's formulas.

mod any;
mod binary_cross_entropy;
mod binary_focal;
mod check;
mod contrastive;
mod cosine_similarity;
mod cross_entropy;
mod focal;
mod formula;
mod gamma;
mod gaussian;
mod hinge;
mod huber;
mod kl_divergence;
mod log_cosh;
mod mae;
mod mse;
mod negative_binomial;
mod ordinal;
mod poisson;
mod quantile;
mod real;
mod target;
mod triplet;
mod tweedie;
mod units;

pub use multi_input_spec::{Activation, HeadForm, LossForm, Part, Target, TargetSteps};

pub use any::AnyLoss;
pub use binary_cross_entropy::BinaryCrossEntropy;
pub use binary_focal::{BalancedBinaryFocal, BinaryFocal};
pub use check::check;
pub use contrastive::Contrastive;
pub use cosine_similarity::CosineSimilarity;
pub use cross_entropy::CrossEntropy;
pub use focal::Focal;
pub use formula::LossFormula;
pub use gaussian::Gaussian;
pub use hinge::Hinge;
pub use huber::Huber;
pub use kl_divergence::KlDivergence;
pub use log_cosh::LogCosh;
pub use mae::Mae;
pub use mse::Mse;
pub use negative_binomial::NegativeBinomial;
pub use ordinal::Ordinal;
pub use poisson::Poisson;
pub use quantile::Quantile;
pub use real::{Dual, Real};
pub use target::TargetRow;
pub use triplet::Triplet;
pub use tweedie::Tweedie;
pub use units::Units;

/// A loss: a function of the head and the target of one row, and its derivative. A loss of one's own
/// is used by its path: `#[output(loss = my::Tweedie(power = 1.5))]`. [`LossFormula`] needs no
/// derivative; [`check()`] compares a derivative with differences.
///
/// In Keras a subclass of `keras.losses.Loss`, in PyTorch an `autograd.Function` with a `backward`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no loss",
    label = "implements neither `Loss` nor `LossFormula`",
    note = "a loss implements `multi_input::loss::LossFormula` (its value) or `Loss` (its value and \
            gradient)"
)]
pub trait Loss: std::fmt::Debug + Sync {
    /// What it takes. The output's type and head are compared with it while compiling.
    const FORM: LossForm;

    /// The error text of an invalid parameter, which may come from a constant; `None` where all are
    /// valid. Training refuses it.
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

    /// The loss of one row. `gradient` receives the derivative with respect to each element of
    /// `head`, before a [`link`](LossForm::link) is applied.
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

    /// Computes the prediction of one row from its head, without undoing steps of the target: by the
    /// [`link`](LossForm::link) and as many numbers as the head, of a
    /// [`Cumulative`](HeadForm::Cumulative) head the probability of each class, and of a
    /// [`Pair`](HeadForm::Pair) 1 / (1 + exp(first - second)).
    fn predict(&self, head: &[f64], prediction: &mut [f64]) {
        predict(&Self::FORM, head, prediction);
    }

    /// The index of the part that metrics compare with the target.
    fn point(&self) -> usize {
        0
    }

    /// What predictions depend on besides the form, such as the levels of quantiles: a file of a
    /// model with another identity belongs to another model.
    fn identity(&self) -> String {
        String::new()
    }
}

/// The prediction of one row from its head by a form.
fn predict(form: &LossForm, head: &[f64], prediction: &mut [f64]) {
    match form.head {
        HeadForm::Cumulative => ordinal::probabilities(head, prediction),
        HeadForm::Pair => triplet::score(head, prediction),
        HeadForm::Target | HeadForm::Parts(_) => apply_link(form, head, prediction),
    }
}

/// The link function of a form, from the head of one row to its prediction.
fn apply_link(form: &LossForm, head: &[f64], prediction: &mut [f64]) {
    let elements = prediction.iter_mut().zip(head);
    match form.link {
        Some(Activation::Sigmoid) => elements.for_each(|(p, z)| *p = Real::sigmoid(*z)),
        Some(Activation::Softplus) => elements.for_each(|(p, z)| *p = Real::softplus(*z)),
        Some(Activation::Softmax) => {
            let max = head.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            elements.for_each(|(p, z)| *p = (*z - max).exp());
            let sum: f64 = prediction.iter().sum();
            prediction.iter_mut().for_each(|p| *p /= sum);
        }
        _ => elements.for_each(|(p, z)| *p = *z),
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
